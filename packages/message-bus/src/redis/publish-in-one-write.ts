import { updatesChannel } from '@postline/protocol';
import { Command, type Redis } from 'ioredis';
import type { Hint } from '../message-bus.ts';

/**
 * Publishes all hints in order, with one write. Resolves with Redis' last answer. Rejects with the first error, even if
 * only one hint failed. Ignores the number of receivers that Redis returns, because it says nothing about delivery.
 */
export async function publishInOneWrite(
  client: Redis,
  prefix: string,
  hints: readonly Hint[],
): Promise<void> {
  const command = new PublishCommand(prefix, hints);
  const writes = new GatheredWrites(client);
  for (let sent = 0; sent < hints.length; sent += 1) client.sendCommand(command, writes);
  const text = writes.take();
  if (text !== '') client.stream.write(text);
  await command.promise;
}

/**
 * One command that is sent once for each hint: each time it writes the next hint, and the last answer settles it. A
 * separate command, promise and write for each hint would cost twice as much.
 */
class PublishCommand extends Command {
  readonly #prefix: string;
  readonly #hints: readonly Hint[];
  #sent = 0;

  constructor(prefix: string, hints: readonly Hint[]) {
    super('publish', []);
    this.#prefix = prefix;
    this.#hints = hints;
    let unanswered = hints.length;
    const settle = this.resolve;
    this.resolve = (answer) => {
      unanswered -= 1;
      if (unanswered === 0) settle(answer);
    };
  }

  override toWritable(): string {
    const hint = this.#hints[this.#sent];
    if (hint === undefined) throw new RangeError('the driver asked for more hints than there are');
    this.#sent += 1;
    const channel = updatesChannel(this.#prefix, hint.targetId);
    return `*3\r\n$7\r\nPUBLISH\r\n${bulkString(channel)}${bulkString(hint.frame)}`;
  }
}

function bulkString(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}

/** Collects the texts that the driver would otherwise write one by one. */
class GatheredWrites {
  readonly isPipeline = true;
  readonly destination: { readonly redis: Redis };
  #text = '';

  constructor(redis: Redis) {
    this.destination = { redis };
  }

  write(text: string | Buffer): void {
    this.#text += String(text);
  }

  /** Returns the text and releases it here, because the driver keeps this object until the last answer. */
  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }
}

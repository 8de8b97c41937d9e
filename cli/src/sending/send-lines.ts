import { fstatSync } from 'node:fs';
import {
  type OutgoingMessage,
  type PostlinePublisher,
  type PublishedMessage,
  PublishError,
} from '@postline/client';
import { CommandFailure } from '@postline/operator-commands';
import { BATCH_MESSAGES_MAX, targetIdFault } from '@postline/protocol';
import { partsOf } from '@postline/service-runtime';
import { createPublisher, PUBLISHED_COLUMNS, publishedRecord, publishFailure } from '../api/publishing.ts';
import type { ApiConnection } from '../connection-options.ts';
import type { Output } from '../output/output.ts';
import { type InputLine, LineReader } from './line-reader.ts';

const STANDARD_INPUT = 0;
/** Longer than a restart of the API and the database. */
const RETRIED_MS_MAX = 60_000;

/** Errors that concern one message only. After any other error, the next message would fail too. */
const LINE_FAULTS: ReadonlySet<string> = new Set([
  'validation_failed',
  'idempotency_key_reused',
  'payload_too_large',
]);

interface NumberedMessage {
  readonly number: number;
  readonly message: OutgoingMessage;
}

export interface SendLinesOptions {
  readonly input: NodeJS.ReadStream;
  readonly targetId: string;
  readonly connection: ApiConnection;
  readonly output: Output;
  readonly idempotencyKey: string | undefined;
}

/**
 * Publishes each line of the input, in order. It reads further only after the previous lines were stored, so long
 * inputs need little memory. A line that can't be a message is reported and skipped. Any other error ends the command.
 */
export async function sendLines(options: SendLinesOptions): Promise<void> {
  const fault = targetIdFault(options.targetId);
  if (fault !== undefined) throw new CommandFailure(`targetId: ${fault}`, { code: 'validation_failed' });
  await new LineSender(options).run();
}

class LineSender {
  readonly #options: SendLinesOptions;
  readonly #publisher: PostlinePublisher;
  /** False after the API refused a batch, because the key lacks the scope. */
  #hasBatches = true;
  #sentCount = 0;
  #faultCount = 0;
  #readBytes = 0;

  constructor(options: SendLinesOptions) {
    this.#options = options;
    this.#publisher = createPublisher(options.connection, RETRIED_MS_MAX);
  }

  async run(): Promise<void> {
    const { input, output } = this.#options;
    const bytesTotal = inputBytes();
    const state = () => ({
      what: `${this.#sentCount} lines sent`,
      share: bytesTotal === undefined ? undefined : this.#readBytes / bytesTotal,
    });
    await output.progress.during(state, () => this.#sendAll(input));
    if (this.#faultCount === 0) return;
    output.note(`${this.#faultCount} of ${this.#faultCount + this.#sentCount} lines were not sent`);
    process.exitCode = 1;
  }

  async #sendAll(input: NodeJS.ReadStream): Promise<void> {
    const lines = new LineReader();
    for await (const chunk of input as AsyncIterable<Buffer>) {
      await this.#send(lines.push(chunk));
      this.#readBytes += chunk.length;
    }
    await this.#send(lines.end());
  }

  async #send(lines: readonly InputLine[]): Promise<void> {
    const { targetId, idempotencyKey } = this.#options;
    const messages: NumberedMessage[] = [];
    for (const line of lines) {
      const { number } = line;
      if ('fault' in line) {
        this.#reportFault(number, 'validation_failed', line.fault);
        continue;
      }
      const key = idempotencyKey === undefined ? {} : { idempotencyKey: `${idempotencyKey}:${number}` };
      messages.push({ number, message: { targetId, message: line.text, ...key } });
    }
    for (const part of partsOf(messages, BATCH_MESSAGES_MAX)) await this.#publish(part);
  }

  async #publish(part: readonly NumberedMessage[]): Promise<void> {
    if (this.#hasBatches && part.length > 1) {
      try {
        await this.#report(await this.#publisher.publishBatch(part.map(({ message }) => message)));
        return;
      } catch (error) {
        if (!(error instanceof PublishError)) throw error;
        if (error.code === 'forbidden') this.#hasBatches = false;
        else if (!LINE_FAULTS.has(error.code)) throw this.#ended(part[0], error);
      }
    }
    for (const each of part) await this.#publishOne(each);
  }

  async #publishOne(numbered: NumberedMessage): Promise<void> {
    try {
      await this.#report([await this.#publisher.publish(numbered.message)]);
    } catch (error) {
      if (!(error instanceof PublishError) || !LINE_FAULTS.has(error.code))
        throw this.#ended(numbered, error);
      this.#reportFault(numbered.number, error.code, publishFailure(error, '').message);
    }
  }

  async #report(published: readonly PublishedMessage[]): Promise<void> {
    this.#sentCount += published.length;
    await this.#options.output.print(published, PUBLISHED_COLUMNS, publishedRecord);
  }

  #reportFault(number: number, code: string, fault: string): void {
    this.#faultCount += 1;
    this.#options.output.note(`${code}: line ${number}: ${fault}`);
  }

  #ended(first: NumberedMessage | undefined, error: unknown): CommandFailure {
    const { code, message } = publishFailure(error, this.#options.connection.url);
    const words = `line ${first?.number ?? 1} and those after it are not confirmed: ${message}`;
    return new CommandFailure(words, { ...(code !== undefined && { code }), cause: error });
  }
}

/** The size of the file on standard input; undefined for a pipe or a terminal. */
function inputBytes(): number | undefined {
  try {
    const stat = fstatSync(STANDARD_INPUT);
    return stat.isFile() && stat.size > 0 ? stat.size : undefined;
  } catch {
    return undefined;
  }
}

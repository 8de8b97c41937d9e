import { randomUUID } from 'node:crypto';
import { withDeadline } from '@postline/service-runtime';
import { RedisSilentError } from './redis-fault.ts';
import { RedisConnection, type RedisConnectionOptions } from './redis-connection.ts';

interface PendingProbe {
  readonly nonce: string;
  readonly onEcho: () => void;
}

export interface LivenessProbeOptions {
  readonly connection: RedisConnectionOptions;
  /** The subscriber's own channel. */
  readonly channel: string;
  readonly deadlineMs: number;
}

/**
 * Proves that a subscriber still gets what others publish: a message sent to its own channel, over a connection
 * that is not its own, has to come back.
 */
export class LivenessProbe {
  readonly #channel: string;
  readonly #deadlineMs: number;
  readonly #connection: RedisConnection;
  #pending: PendingProbe | undefined;
  /** Why nothing could be sent lately. */
  #sendFault: Error | undefined;

  constructor({ connection, channel, deadlineMs }: LivenessProbeOptions) {
    this.#channel = channel;
    this.#deadlineMs = deadlineMs;
    this.#connection = new RedisConnection(connection, {
      onReady: () => {
        this.#send();
      },
      onLost: (reason) => {
        this.#sendFault = reason;
      },
    });
  }

  /** Why no message came back within the deadline; undefined where one did. One at a time. */
  async check(): Promise<Error | undefined> {
    this.#sendFault = undefined;
    const echo = new Promise<void>((resolve) => {
      this.#pending = { nonce: randomUUID(), onEcho: resolve };
    });
    this.#send();
    try {
      await withDeadline(echo, { what: 'the proof of liveness', milliseconds: this.#deadlineMs });
      return undefined;
    } catch {
      return this.#latestFault();
    } finally {
      this.#pending = undefined;
    }
  }

  /** Something came on the subscriber's own channel. */
  onEcho(payload: string): void {
    if (payload === this.#pending?.nonce) this.#pending.onEcho();
  }

  replaceConnection(reason: Error): void {
    this.#connection.replace(reason);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  #latestFault(): Error {
    return this.#sendFault ?? new RedisSilentError('nothing came back', this.#deadlineMs);
  }

  #send(): void {
    if (this.#pending === undefined) return;
    this.#connection.client?.publish(this.#channel, this.#pending.nonce).catch((error: unknown) => {
      this.#sendFault = error instanceof Error ? error : undefined;
    });
  }
}

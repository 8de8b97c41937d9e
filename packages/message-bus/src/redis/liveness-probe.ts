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
  /** A channel that only this subscriber uses. */
  readonly channel: string;
  readonly deadlineMs: number;
}

/**
 * Proves that a subscriber still receives messages: it publishes to the subscriber's own channel over another connection,
 * and expects the message to arrive.
 */
export class LivenessProbe {
  readonly #channel: string;
  readonly #deadlineMs: number;
  readonly #connection: RedisConnection;
  #pending: PendingProbe | undefined;
  /** The reason why the last message could not be sent. */
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

  /** Returns why no message arrived within the deadline, or undefined if one did. One call at a time. */
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

  /** A message arrived on the subscriber's own channel. */
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

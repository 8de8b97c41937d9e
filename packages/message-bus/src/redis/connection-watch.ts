import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RedisAddress, withDeadline } from '@postline/service-runtime';
import type { Redis } from 'ioredis';
import type { RedisLocator } from './locating/redis-locator.ts';
import type { RedisTimeouts } from './redis-timeouts.ts';
import { exchangeWithWitness, MisplacedError } from './witness.ts';

export interface ConnectionWatchOptions {
  readonly client: Redis;
  readonly server: RedisAddress | undefined;
  readonly locator: RedisLocator;
  /** The client is subscribed to this channel, and nobody else uses it. */
  readonly ownChannel: string;
  readonly times: RedisTimeouts;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Called after each check. */
  readonly onChecked: () => Promise<void>;
}

/**
 * Watches a subscriber's connection: when nothing has arrived for half a second it checks whether the connection answers,
 * and every second or two whether a message from a witness arrives.
 */
export class ConnectionWatch {
  readonly #options: ConnectionWatchOptions;
  #silence: Error | undefined;
  #misplacement: Error | undefined;
  #isProven = false;
  /** When Redis last sent anything: an answer, or messages. */
  #arrivedAtMs = performance.now();
  #onEcho: (payload: string) => void = () => undefined;

  constructor(options: ConnectionWatchOptions) {
    this.#options = options;
    options.client.stream.on('data', () => {
      this.#arrivedAtMs = performance.now();
    });
  }

  /** Why the connection is unreliable; undefined if it is not. */
  get fault(): Error | undefined {
    return this.#silence ?? this.#misplacement;
  }

  /** True if a message from a witness has arrived and nothing has failed since. */
  get isProven(): boolean {
    return this.#isProven && this.fault === undefined;
  }

  /** Call this when a message arrived on the own channel. */
  onEcho(payload: string): void {
    this.#onEcho(payload);
  }

  /** Watches until the connection must be replaced, and then rejects with the reason. */
  async run(): Promise<void> {
    await Promise.all([this.#watchAnswers(), this.#watchPlace()]);
  }

  /** Rejects after a long silence. Once it has begun, only the answer to a probe ends it. */
  async #watchAnswers(): Promise<void> {
    const { client, times, signal, onChecked } = this.#options;
    for (let answeredAtMs = this.#arrivedAtMs; ; ) {
      if (this.#silence === undefined) answeredAtMs = await this.#untilQuiet();
      else await sleep(times.probeIntervalMs, undefined, { signal });
      try {
        await withDeadline(client.ping(), { what: 'PING', milliseconds: times.probeDeadlineMs });
        this.#silence = undefined;
      } catch (error) {
        this.#silence = toError(error);
        if (performance.now() - answeredAtMs >= times.silenceMaxMs) throw error;
      }
      await onChecked();
    }
  }

  /** Waits until nothing has arrived for as long as the pause between probes; returns when the last bytes arrived. */
  async #untilQuiet(): Promise<number> {
    const { times, signal } = this.#options;
    for (;;) {
      const arrivedAtMs = this.#arrivedAtMs;
      const waitMs = arrivedAtMs + times.probeIntervalMs - performance.now();
      if (waitMs <= 0) return arrivedAtMs;
      await sleep(waitMs, undefined, { signal });
    }
  }

  /**
   * Rejects if a witness's message does not arrive. If there is no witness, the connection stays, because a new one
   * would fail in the same way.
   */
  async #watchPlace(): Promise<void> {
    const { times, signal, onChecked } = this.#options;
    for (;;) {
      try {
        await this.#hearWitness();
        this.#misplacement = undefined;
        this.#isProven = true;
      } catch (error) {
        if (error instanceof MisplacedError && this.#silence === undefined) throw error;
        this.#misplacement = toError(error);
      }
      await onChecked();
      await sleep(times.proofIntervalMs, undefined, { signal });
    }
  }

  #hearWitness(): Promise<void> {
    const { locator, server, ownChannel, times, signal } = this.#options;
    const nonce = randomUUID();
    const arrived = new Promise<void>((resolve) => {
      this.#onEcho = (payload) => {
        if (payload === nonce) resolve();
      };
    });
    return exchangeWithWitness({ locator, server, deadlineMs: times.proofDeadlineMs, signal }, (witness) =>
      Promise.all([arrived, witness.publish(ownChannel, nonce), this.#requireMaster()]),
    );
  }

  /** A replica also forwards what its master publishes, but only while it is connected to that master. */
  async #requireMaster(): Promise<void> {
    const { locator, client } = this.#options;
    await locator.verify(client).catch((error: unknown) => {
      throw new MisplacedError(toError(error));
    });
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error('Redis failed');
}

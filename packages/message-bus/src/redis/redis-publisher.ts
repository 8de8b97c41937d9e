import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type ControlChannel, controlTopic, livenessChannel } from '@postline/protocol';
import { OpenCalls, SharedTimeouts, withDeadline } from '@postline/service-runtime';
import type { Redis } from 'ioredis';
import { type BusEndEvents, BusUnavailableError, type Hint, type HintPublisher } from '../message-bus.ts';
import type { RedisLocator } from './locating/redis-locator.ts';
import { publishInOneWrite } from './publish-in-one-write.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisSilentError, redisUnavailable } from './redis-fault.ts';
import type { RedisTimeouts } from './redis-timeouts.ts';
import { exchangeWithWitness } from './witness.ts';

/** More hints than the fastest measured API (43,000 messages/s) publishes within the deadline. */
const HINTS_IN_FLIGHT_MAX = 10_000;
/** Two batches of the largest request body, with every character escaped. If more is in flight, Redis is too slow. */
const CHARACTERS_IN_FLIGHT_MAX = 32 * 1024 * 1024;

export interface RedisPublisherOptions {
  readonly locator: RedisLocator;
  readonly prefix: string;
  readonly times: RedisTimeouts;
  readonly events?: BusEndEvents | undefined;
}

/**
 * Publishes on a connection that was recently proven: its messages arrive at the server to which the address leads. The
 * connection ends when Redis does not answer a call in time, or when a proof fails. Until a new connection is proven,
 * calls are rejected at once and their hints are dropped.
 */
export class RedisPublisher implements HintPublisher {
  readonly #locator: RedisLocator;
  readonly #prefix: string;
  readonly #timeouts: SharedTimeouts;
  readonly #times: RedisTimeouts;
  readonly #events: BusEndEvents | undefined;
  readonly #connection: RedisConnection;
  readonly #calls = new OpenCalls();
  #hintsInFlight = 0;
  #charactersInFlight = 0;
  #client: Redis | undefined;
  #proofTimer: NodeJS.Timeout | undefined;
  /** Aborts the current proof. */
  #proof = new AbortController();
  /** Redis answers but refuses hints, usually because the user lacks a right on their channels. */
  #isRefused = false;
  #awayReason: Error | undefined;

  constructor({ locator, prefix, times, events }: RedisPublisherOptions) {
    this.#locator = locator;
    this.#prefix = prefix;
    this.#timeouts = new SharedTimeouts(times.publishDeadlineMs);
    this.#times = times;
    this.#events = events;
    this.#connection = new RedisConnection(
      { ...times, locator, name: 'postline-publisher' },
      {
        onReady: (client) => void this.#prove(client),
        onLost: (reason) => {
          this.#goAway(reason);
        },
      },
    );
  }

  async publish(hints: readonly Hint[]): Promise<void> {
    if (hints.length === 0) return;
    const client = this.#client;
    if (client === undefined) throw redisUnavailable('Redis is away', this.#awayReason);
    const characters = hints.reduce((sum, hint) => sum + hint.frame.length, 0);
    this.#takeRoom(hints.length, characters);
    this.#calls.begin();
    try {
      await this.#answered(client, publishInOneWrite(client, this.#prefix, hints));
      if (this.#isRefused) this.#noteTaken();
    } catch (error) {
      if (this.#client === client) this.#noteRefused(error);
      throw error;
    } finally {
      this.#calls.end();
      this.#hintsInFlight -= hints.length;
      this.#charactersInFlight -= characters;
    }
  }

  /** A notice is sent as a hint without content, under a name that no target can have. */
  notify(channel: ControlChannel): Promise<void> {
    return this.publish([{ targetId: controlTopic(channel), frame: '' }]);
  }

  async checkReady(): Promise<void> {
    const client = this.#client;
    if (client === undefined) throw redisUnavailable('Redis is away', this.#awayReason);
    await this.#answered(client, this.#askSomething(client));
  }

  async close(): Promise<void> {
    this.#client = undefined;
    this.#endProofs();
    this.#awayReason = new Error('the publisher is closed');
    await this.#calls.idle(); // each call has a deadline
    await this.#connection.close();
  }

  #takeRoom(hints: number, characters: number): void {
    const tooMany = this.#hintsInFlight + hints > HINTS_IN_FLIGHT_MAX;
    const tooLong = this.#charactersInFlight + characters > CHARACTERS_IN_FLIGHT_MAX;
    if (this.#hintsInFlight > 0 && (tooMany || tooLong))
      throw new BusUnavailableError('Redis does not keep up');
    this.#hintsInFlight += hints;
    this.#charactersInFlight += characters;
  }

  /**
   * A new connection is used after it has passed two checks: it has answered within the deadline of a publish (so a
   * slow Redis counts as down), and a message that it published has reached a witness. Both checks are repeated, so
   * that an idle publisher notices an outage too.
   */
  async #prove(client: Redis): Promise<void> {
    const proof = new AbortController();
    this.#proof = proof;
    try {
      await this.#answered(client, this.#askSomething(client));
      await this.#reachWitness(client, proof.signal);
    } catch (error) {
      if (!proof.signal.aborted) this.#connection.replace(toError(error));
    }
    if (proof.signal.aborted || this.#connection.client !== client) return;
    this.#proofTimer = setTimeout(() => void this.#prove(client), this.#times.proofIntervalMs);
    if (this.#client === client) return;
    this.#client = client;
    this.#isRefused = false;
    this.#events?.onState('up');
  }

  #reachWitness(client: Redis, signal: AbortSignal): Promise<void> {
    const options = {
      locator: this.#locator,
      server: this.#connection.server,
      deadlineMs: this.#times.proofDeadlineMs,
      signal,
    };
    const channel = livenessChannel(this.#prefix, randomUUID());
    return exchangeWithWitness(options, async (witness) => {
      const arrived = once(witness, 'message'); // nobody else knows the channel
      const published = witness.subscribe(channel).then(() => client.publish(channel, ''));
      await Promise.all([arrived, published]);
    });
  }

  #endProofs(): void {
    clearTimeout(this.#proofTimer);
    this.#proof.abort();
  }

  #noteTaken(): void {
    this.#isRefused = false;
    this.#events?.onState('up');
  }

  #noteRefused(error: unknown): void {
    this.#isRefused = true;
    this.#events?.onFault?.(redisUnavailable('Redis refused the hints', error));
  }

  /** A publish without receivers. It needs the same right as a real one, and works while Redis loads its data. */
  #askSomething(client: Redis): Promise<unknown> {
    return client.publish(livenessChannel(this.#prefix, 'nobody'), '');
  }

  async #answered(client: Redis, answer: Promise<unknown>): Promise<void> {
    try {
      await withDeadline(answer, {
        what: 'Redis',
        timeouts: this.#timeouts,
        onExpired: () => {
          if (this.#connection.client !== client) return;
          const { publishDeadlineMs } = this.#times;
          this.#connection.replace(new RedisSilentError('Redis did not answer', publishDeadlineMs));
        },
      });
    } catch (error) {
      throw redisUnavailable('Redis did not take the hints', error);
    }
  }

  #goAway(reason: Error): void {
    const wasUp = this.#client !== undefined;
    this.#client = undefined;
    this.#endProofs();
    this.#awayReason = reason;
    if (wasUp) this.#events?.onState('down');
    this.#events?.onFault?.(redisUnavailable('Redis is away', reason));
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error('Redis failed');
}

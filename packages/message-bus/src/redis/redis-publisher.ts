import { livenessChannel } from '@postline/protocol';
import { OpenCalls, withDeadline, type RedisAddress } from '@postline/service-runtime';
import type { Redis } from 'ioredis';
import { type BusEndEvents, BusUnavailableError, type Hint } from '../message-bus.ts';
import { publishInOneWrite } from './publish-in-one-write.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisSilentError, redisUnavailable } from './redis-fault.ts';
import type { RedisTimeouts } from './redis-timeouts.ts';

/** More than the fastest measured API (43,000 messages/s) publishes within the deadline. */
const HINTS_IN_FLIGHT_MAX = 10_000;
/** Two batches of the largest body with every character escaped. Beyond it Redis does not keep up. */
const CHARACTERS_IN_FLIGHT_MAX = 32 * 1024 * 1024;

export interface RedisPublisherOptions {
  readonly address: RedisAddress;
  readonly prefix: string;
  readonly times: RedisTimeouts;
  readonly events?: BusEndEvents | undefined;
}

/**
 * Publishes on a connection that has answered recently. The first call that Redis does not answer in time ends the
 * connection; until a new one answers, calls are rejected at once and their hints dropped.
 */
export class RedisPublisher {
  readonly #prefix: string;
  readonly #deadlineMs: number;
  readonly #probeIntervalMs: number;
  readonly #events: BusEndEvents | undefined;
  readonly #connection: RedisConnection;
  readonly #calls = new OpenCalls();
  #hintsInFlight = 0;
  #charactersInFlight = 0;
  #client: Redis | undefined;
  #probeTimer: NodeJS.Timeout | undefined;
  /** Redis answers but refuses hints, usually because the user lacks a right on their channels. */
  #isRefused = false;
  #awayReason: Error | undefined;

  constructor({ address, prefix, times, events }: RedisPublisherOptions) {
    this.#prefix = prefix;
    this.#deadlineMs = times.publishDeadlineMs;
    this.#probeIntervalMs = times.publisherProbeIntervalMs;
    this.#events = events;
    this.#connection = new RedisConnection(
      { ...times, address, name: 'postline-publisher' },
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
    const call = this.#answered(client, publishInOneWrite(client, this.#prefix, hints));
    try {
      await this.#calls.track(call);
      if (this.#isRefused) this.#noteTaken();
    } catch (error) {
      if (this.#client === client) this.#noteRefused(error);
      throw error;
    } finally {
      this.#hintsInFlight -= hints.length;
      this.#charactersInFlight -= characters;
    }
  }

  async checkReady(): Promise<void> {
    const client = this.#client;
    if (client === undefined) throw redisUnavailable('Redis is away', this.#awayReason);
    await this.#answered(client, this.#askSomething(client));
  }

  async close(): Promise<void> {
    this.#client = undefined;
    clearTimeout(this.#probeTimer);
    this.#awayReason = new Error('the publisher is closed');
    await this.#calls.idle(); // each has a deadline
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
   * A new connection is used once it has answered within the deadline of a publish: a slow Redis counts as away. It is
   * probed from then on, so that an idle publisher notices an outage too.
   */
  async #prove(client: Redis): Promise<void> {
    try {
      await this.#answered(client, this.#askSomething(client));
    } catch (error) {
      if (this.#connection.client === client) this.#connection.replace(toError(error));
    }
    if (this.#connection.client !== client) return;
    this.#probeTimer = setTimeout(() => void this.#prove(client), this.#probeIntervalMs);
    if (this.#client === client) return;
    this.#client = client;
    this.#isRefused = false;
    this.#events?.onState('up');
  }

  #noteTaken(): void {
    this.#isRefused = false;
    this.#events?.onState('up');
  }

  #noteRefused(error: unknown): void {
    this.#isRefused = true;
    this.#events?.onFault?.(redisUnavailable('Redis refused the hints', error));
  }

  /** A publish without receivers: it needs no other right than a real one, and works while Redis loads its data. */
  #askSomething(client: Redis): Promise<unknown> {
    return client.publish(livenessChannel(this.#prefix, 'nobody'), '');
  }

  async #answered(client: Redis, answer: Promise<unknown>): Promise<void> {
    try {
      await withDeadline(answer, {
        what: 'Redis',
        milliseconds: this.#deadlineMs,
        onExpired: () => {
          if (this.#connection.client !== client) return;
          this.#connection.replace(new RedisSilentError('Redis did not answer', this.#deadlineMs));
        },
      });
    } catch (error) {
      throw redisUnavailable('Redis did not take the hints', error);
    }
  }

  #goAway(reason: Error): void {
    const wasUp = this.#client !== undefined;
    this.#client = undefined;
    clearTimeout(this.#probeTimer);
    this.#awayReason = reason;
    if (wasUp) this.#events?.onState('down');
    this.#events?.onFault?.(redisUnavailable('Redis is away', reason));
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error('Redis failed');
}

import { LOST_KIND, type RedisAddress } from '@postline/service-runtime';
import { Redis } from 'ioredis';
import { redisFault, RedisSilentError } from './redis-fault.ts';
import { RedisConnector } from './redis-connector.ts';
import { readRefusal } from './redis-refusal.ts';

/** Doubled at each attempt. Short, because the usual reason is a Redis that was restarted a moment ago. */
const RECONNECT_PAUSE_FIRST_MS = 50;
/** A connection that held for so long was a good one: after it the pauses start anew. */
const GOOD_CONNECTION_MS = 5_000;
/** Between two connections that are made to learn why others end. */
const REFUSAL_INTERVAL_MS = 5_000;
/** How long a peer may take to answer the end of a connection before the socket is destroyed. */
const DISCONNECT_DEADLINE_MS = 100;

export interface RedisConnectionOptions {
  readonly address: RedisAddress;
  /** What CLIENT LIST shows of it. */
  readonly name: string;
  readonly connectDeadlineMs: number;
  readonly reconnectPauseMaxMs: number;
}

export interface RedisConnectionEvents {
  /** Redis answered the handshake: a new connection, without any subscription. */
  onReady(client: Redis): void;
  /** The connection was lost, or an attempt failed. The next attempt is made without being asked for. */
  onLost(reason: Error): void;
}

type ConnectionState =
  | { readonly name: 'connecting'; readonly client: Redis; readonly watchdog: NodeJS.Timeout }
  | { readonly name: 'ready'; readonly client: Redis; readonly sinceMs: number }
  | { readonly name: 'pausing'; readonly timer: NodeJS.Timeout }
  | { readonly name: 'closed' };

/**
 * Keeps one connection to Redis. The driver makes a single connection and is then thrown away: its own reconnecting
 * keeps commands and subscriptions across connections, and waits for ever on a server that accepts but never
 * answers. Here every attempt has a deadline, and what is lost is told.
 */
export class RedisConnection {
  readonly #options: RedisConnectionOptions;
  readonly #events: RedisConnectionEvents;
  #state: ConnectionState;
  #failures = 0;
  #refusalReadAtMs = -Infinity;
  #lastError: Error | undefined;

  constructor(options: RedisConnectionOptions, events: RedisConnectionEvents) {
    this.#options = options;
    this.#events = events;
    this.#state = this.#connect();
  }

  /** The connection, while there is one that answered. */
  get client(): Redis | undefined {
    return this.#state.name === 'ready' ? this.#state.client : undefined;
  }

  /** Gives the connection up, as it does not answer, and makes another. */
  replace(reason: Error): void {
    if (this.#state.name === 'ready' || this.#state.name === 'connecting') this.#drop(reason);
  }

  /** Ends it for good; resolves when the socket is closed. */
  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { name: 'closed' };
    switch (state.name) {
      case 'pausing':
        clearTimeout(state.timer);
        return;
      case 'connecting':
        clearTimeout(state.watchdog);
        return disconnect(state.client);
      case 'ready':
        return disconnect(state.client);
      case 'closed':
        return;
    }
  }

  #connect(): ConnectionState {
    const { address } = this.#options;
    const { username, password } = address;
    const client = new Redis({
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      Connector: class extends RedisConnector {
        constructor() {
          super(address, DISCONNECT_DEADLINE_MS);
        }
      },
      connectionName: this.#options.name,
      lazyConnect: true,
      retryStrategy: null,
      connectTimeout: this.#options.connectDeadlineMs,
      disconnectTimeout: DISCONNECT_DEADLINE_MS,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResubscribe: false,
      autoResendUnfulfilledCommands: false,
      // The handshake is answer enough: Redis carries hints also while it loads its data.
      enableReadyCheck: false,
      disableClientInfo: true,
    });
    client.on('error', (error: Error) => {
      this.#lastError = error;
    });
    client.once('ready', () => {
      this.#onReady(client);
    });
    client.once('end', () => {
      if (this.#isCurrent(client)) this.#drop(this.#lastError ?? new Error('Redis closed the connection'));
    });
    client.connect().catch(() => undefined); // told by `error` and `end`
    const watchdog = setTimeout(() => {
      this.replace(new RedisSilentError('Redis did not answer', this.#options.connectDeadlineMs));
    }, this.#options.connectDeadlineMs);
    return { name: 'connecting', client, watchdog };
  }

  #onReady(client: Redis): void {
    if (this.#state.name !== 'connecting' || this.#state.client !== client) return;
    clearTimeout(this.#state.watchdog);
    this.#lastError = undefined;
    this.#state = { name: 'ready', client, sinceMs: performance.now() };
    this.#events.onReady(client);
  }

  #isCurrent(client: Redis): boolean {
    return (
      (this.#state.name === 'connecting' || this.#state.name === 'ready') && this.#state.client === client
    );
  }

  #drop(reason: Error): void {
    const state = this.#state;
    if (state.name === 'connecting') clearTimeout(state.watchdog);
    if (state.name === 'ready' && performance.now() - state.sinceMs > GOOD_CONNECTION_MS) this.#failures = 0;
    this.#lastError = undefined;
    const timer = setTimeout(() => {
      this.#state = this.#connect();
    }, this.#nextPauseMs());
    this.#state = { name: 'pausing', timer };
    if (state.name === 'connecting' || state.name === 'ready') void disconnect(state.client);
    this.#events.onLost(reason);
    if (state.name === 'connecting') void this.#readRefusal(reason);
  }

  /**
   * A Redis that takes no more clients says so and hangs up, which the driver, having begun to write, does not get to
   * read. It is asked once more, now and then, by a connection that only listens.
   */
  async #readRefusal(reason: Error): Promise<void> {
    const nowMs = performance.now();
    if (redisFault(reason).kind !== LOST_KIND || nowMs - this.#refusalReadAtMs < REFUSAL_INTERVAL_MS) return;
    this.#refusalReadAtMs = nowMs;
    const refusal = await readRefusal(this.#options.address);
    if (refusal === undefined || this.#state.name === 'ready' || this.#state.name === 'closed') return;
    this.#events.onLost(refusal);
  }

  /** Any pause up to a bound that doubles: relays and APIs that lost one Redis don't come back in step. */
  #nextPauseMs(): number {
    const boundMs = Math.min(
      this.#options.reconnectPauseMaxMs,
      RECONNECT_PAUSE_FIRST_MS * 2 ** this.#failures,
    );
    this.#failures += 1;
    return Math.random() * boundMs;
  }
}

function disconnect(client: Redis): Promise<void> {
  return new Promise((resolve) => {
    if (client.status === 'end') {
      resolve();
      return;
    }
    client.once('end', () => {
      resolve();
    });
    client.disconnect();
  });
}

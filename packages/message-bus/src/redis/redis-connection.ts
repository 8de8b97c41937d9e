import { LOST_KIND, type RedisAddress } from '@postline/service-runtime';
import type { Redis } from 'ioredis';
import type { RedisLocator } from './locating/redis-locator.ts';
import { createRedisClient } from './redis-client.ts';
import { redisFault, RedisSilentError } from './redis-fault.ts';
import { readRefusal } from './redis-refusal.ts';

/** The first pause; it doubles at each attempt. Short, because usually Redis was just restarted. */
const RECONNECT_PAUSE_FIRST_MS = 50;
/** After a connection that lasted this long, the pauses start with the shortest one again. */
const GOOD_CONNECTION_MS = 5_000;
/** The shortest time between two extra connections that read why Redis refuses connections. */
const REFUSAL_INTERVAL_MS = 5_000;

export interface RedisConnectionOptions {
  readonly locator: RedisLocator;
  /** The connection's name in CLIENT LIST. */
  readonly name: string;
  readonly connectDeadlineMs: number;
  readonly reconnectPauseMaxMs: number;
}

export interface RedisConnectionEvents {
  /** Redis answered the handshake of a new connection. The connection has no subscriptions yet. */
  onReady(client: Redis): void;
  /** The connection was lost, or an attempt failed. The next attempt starts automatically. */
  onLost(reason: Error): void;
}

type ConnectionState =
  | { readonly name: 'connecting'; readonly client: Redis; readonly watchdog: NodeJS.Timeout }
  | { readonly name: 'ready'; readonly client: Redis; readonly sinceMs: number }
  | { readonly name: 'pausing'; readonly timer: NodeJS.Timeout }
  | { readonly name: 'closed' };

/**
 * Keeps one connection to Redis, and finds the server again for each attempt. Each driver instance makes a single
 * connection, because the driver's own reconnecting keeps commands and subscriptions across connections, and waits
 * forever for a server that accepts but never answers. Here every attempt has a deadline, and every loss is reported.
 */
export class RedisConnection {
  readonly #options: RedisConnectionOptions;
  readonly #events: RedisConnectionEvents;
  #state: ConnectionState;
  #failures = 0;
  #refusalReadAtMs = -Infinity;
  #lastError: Error | undefined;
  #server: RedisAddress | undefined;

  constructor(options: RedisConnectionOptions, events: RedisConnectionEvents) {
    this.#options = options;
    this.#events = events;
    this.#state = this.#connect();
  }

  /** The connection, if Redis answered its handshake. */
  get client(): Redis | undefined {
    return this.#state.name === 'ready' ? this.#state.client : undefined;
  }

  /** The server that it is connected to, or is connecting to. */
  get server(): RedisAddress | undefined {
    return this.#server;
  }

  /** Drops a connection that does not answer, and opens another one. */
  replace(reason: Error): void {
    if (this.#state.name === 'ready' || this.#state.name === 'connecting') this.#drop(reason);
  }

  /** Closes the connection permanently. Resolves when the socket is closed. */
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
    const { locator, name, connectDeadlineMs } = this.#options;
    const locate = async (signal: AbortSignal) => {
      this.#server = undefined;
      const server = await locator.locate(signal);
      this.#server = server;
      return server;
    };
    const client = createRedisClient({ locate, login: locator.login, name, connectDeadlineMs });
    client.on('error', (error: Error) => {
      this.#lastError = error;
    });
    client.once('ready', () => {
      this.#onReady(client);
    });
    client.once('end', () => {
      if (this.#isCurrent(client)) this.#drop(this.#lastError ?? new Error('Redis closed the connection'));
    });
    client.connect().catch(() => undefined); // `error` and `end` report it
    const watchdog = setTimeout(() => {
      this.replace(new RedisSilentError('Redis did not answer', connectDeadlineMs));
    }, connectDeadlineMs);
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
   * A Redis with too many clients sends its reason and closes the connection. The driver never reads it, because it has
   * already begun to write. So from time to time a connection that only listens reads it.
   */
  async #readRefusal(reason: Error): Promise<void> {
    const nowMs = performance.now();
    const server = this.#server;
    if (server === undefined || redisFault(reason).kind !== LOST_KIND) return;
    if (nowMs - this.#refusalReadAtMs < REFUSAL_INTERVAL_MS) return;
    this.#refusalReadAtMs = nowMs;
    const refusal = await readRefusal(server);
    if (refusal === undefined || this.#state.name === 'ready' || this.#state.name === 'closed') return;
    this.#events.onLost(refusal);
  }

  /** A random pause below a limit that doubles, so services that lost the same Redis do not all reconnect at once. */
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

import type { DatabaseAccess } from './database-connection.ts';
import type { SessionOptions } from './session.ts';
import { SessionPool } from './session-pool.ts';
import type { SessionRole } from './session-settings.ts';

/** How many connections a store has, and how long it keeps them. The defaults are below. */
export interface ConnectionBounds {
  readonly writerConnectionsMax?: number;
  readonly readerConnectionsMax?: number;
  readonly saverConnectionsMax?: number;
  /** How many calls of each pool may wait for a connection. */
  readonly waitingCallsMax?: number;
  /** Milliseconds after which an unused connection is closed. */
  readonly connectionIdleMs?: number;
  /** Milliseconds after which a connection is closed, used or not. The next one looks up its address again. */
  readonly connectionAgeMsMax?: number;
}

/** For the group-commit writer, the lane for contended targets and the outbox, with one to spare. */
const WRITER_CONNECTIONS_MAX = 4;

/** Reads take a millisecond. More of them at once would only compete for the server's cores. */
const READER_CONNECTIONS_MAX = 8;

/** One for acks and one for devices that reconnect: a relay runs one call of each at a time. */
const SAVER_CONNECTIONS_MAX = 2;

/** About two seconds of work. Later calls would not be served in time anyway. */
const WAITING_CALLS_MAX = 1_000;

/**
 * Short, because a small database plan allows five connections in all. A connection that is used every few seconds
 * stays open.
 */
const CONNECTION_IDLE_MS = 5_000;

/**
 * Half a minute after the address leads to another server, nothing reads from the old one, even if it stayed up. This
 * leaves time for a running call.
 */
const CONNECTION_AGE_MS_MAX = 20_000;

/**
 * Seconds of silence after which the server rolls back a writer, so an API that freezes in mid-transaction holds its
 * targets no longer than this. Longer than any live transaction, because those end at our deadline.
 */
const WRITER_SILENCE_SECONDS_MAX = 10;
const READER_SILENCE_SECONDS_MAX = 120;

/**
 * Idle connections are closed at this share of the server's own idle limit, so that the server never closes one while
 * it is being lent.
 */
const IDLE_SHARE = 0.5;

/** A read-only database refuses every append. This limits how often that replaces its connections. */
const RENEWAL_PAUSE_MS = 1_000;

/** The connections of one store, by role. */
export class StoreConnections {
  readonly writers: SessionPool;
  readonly readers: SessionPool;
  readonly savers: SessionPool;
  /** For a writer's session outside the pools. */
  readonly writerSession: SessionOptions;
  readonly #bounds: ConnectionBounds;
  #renewedAtMs = -Infinity;

  constructor(access: DatabaseAccess, deadlineMs: number, bounds: ConnectionBounds) {
    this.#bounds = bounds;
    const writerSilenceSeconds = Math.max(WRITER_SILENCE_SECONDS_MAX, 2 * Math.ceil(deadlineMs / 1_000));
    this.writerSession = { ...access, role: 'write', idleSecondsMax: writerSilenceSeconds };
    const reading = (role: SessionRole) => ({
      ...access,
      role,
      idleSecondsMax: READER_SILENCE_SECONDS_MAX,
    });
    this.writers = this.#pool(this.writerSession, bounds.writerConnectionsMax ?? WRITER_CONNECTIONS_MAX);
    this.readers = this.#pool(reading('read'), bounds.readerConnectionsMax ?? READER_CONNECTIONS_MAX);
    this.savers = this.#pool(reading('save'), bounds.saverConnectionsMax ?? SAVER_CONNECTIONS_MAX);
  }

  /** Why the server has no room for another connection, if that is the case. */
  get refusal(): Error | undefined {
    return this.writers.refusal ?? this.readers.refusal ?? this.savers.refusal;
  }

  /** Replaces all connections, each as soon as it is not in use. */
  renew(): void {
    for (const pool of [this.writers, this.readers, this.savers]) pool.renew();
  }

  /** Replaces all connections, because after a failover they may still lead to the old server. */
  leaveServer(): void {
    const nowMs = performance.now();
    if (nowMs - this.#renewedAtMs < RENEWAL_PAUSE_MS) return;
    this.#renewedAtMs = nowMs;
    this.renew();
  }

  close(): void {
    for (const pool of [this.writers, this.readers, this.savers]) pool.close();
  }

  #pool(session: SessionOptions, connectionsMax: number): SessionPool {
    const { waitingCallsMax, connectionIdleMs, connectionAgeMsMax } = this.#bounds;
    const idleMsMax = session.idleSecondsMax * 1_000 * IDLE_SHARE;
    return new SessionPool({
      ...session,
      connectionsMax,
      waitersMax: waitingCallsMax ?? WAITING_CALLS_MAX,
      idleMs: Math.min(connectionIdleMs ?? CONNECTION_IDLE_MS, idleMsMax),
      ageMsMax: connectionAgeMsMax ?? CONNECTION_AGE_MS_MAX,
      onReadOnly: () => {
        this.leaveServer();
      },
    });
  }
}

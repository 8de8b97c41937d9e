import type { DatabaseAccess } from './database-connection.ts';
import type { SessionOptions } from './session.ts';
import { SessionPool } from './session-pool.ts';
import type { SessionRole } from './session-settings.ts';

/** How many connections a store has, and for how long. Where left out, the defaults below hold. */
export interface ConnectionBounds {
  readonly writerConnectionsMax?: number;
  readonly readerConnectionsMax?: number;
  readonly saverConnectionsMax?: number;
  /** Calls of each pool that may wait for a connection. */
  readonly waitingCallsMax?: number;
  /** Milliseconds after which an unused connection is closed. */
  readonly connectionIdleMs?: number;
  /** Milliseconds after which a connection is closed, used or not, and made anew by its address. */
  readonly connectionAgeMsMax?: number;
}

/** The group-commit writer, the lane for contended targets, the outbox, and some room. */
const WRITER_CONNECTIONS_MAX = 4;

/** Reads take a millisecond; more at once than this would only compete for the server's cores. */
const READER_CONNECTIONS_MAX = 8;

/** One for acks and one for devices that come back: a relay has one call of each under way. */
const SAVER_CONNECTIONS_MAX = 2;

/** About two seconds of work; a later call would not be served in time anyway. */
const WAITING_CALLS_MAX = 1_000;

/** Short, because a small database plan allows five connections in all; what is used every few seconds stays open. */
const CONNECTION_IDLE_MS = 5_000;

/** Half a minute after its address leads elsewhere, nothing reads from a server that stayed up: with room for a call. */
const CONNECTION_AGE_MS_MAX = 20_000;

/**
 * Seconds after which the server rolls back a writer that says nothing: an API that was frozen in mid-transaction
 * holds its targets no longer than that. Longer than any live transaction, since those end with our deadline.
 */
const WRITER_SILENCE_SECONDS_MAX = 10;
const READER_SILENCE_SECONDS_MAX = 120;

/** Idle connections are closed at this share of the server's own bound, so that they never die while being lent. */
const IDLE_SHARE = 0.5;

/** A database that takes no writes refuses each append; its connections are not made anew for each of them. */
const RENEWAL_PAUSE_MS = 1_000;

/** The connections of one store, by what they are for. */
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

  /** Why the server has no room for another connection, where that is so. */
  get refusal(): Error | undefined {
    return this.writers.refusal ?? this.readers.refusal ?? this.savers.refusal;
  }

  /** Replaces all of them, each when it is not in use. */
  renew(): void {
    for (const pool of [this.writers, this.readers, this.savers]) pool.renew();
  }

  /** The server should not be used any more: after a failover, all connections may still lead to the old one. */
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

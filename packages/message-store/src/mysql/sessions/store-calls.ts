import { DeadlineError, OpenCalls, SharedTimeouts, withDeadline } from '@postline/service-runtime';
import { StoreUnavailableError } from '../../message-store.ts';
import { TopologyRefusedError } from './server-facts.ts';
import { SchemaVersionError } from './schema-version-error.ts';
import type { Session } from './session.ts';
import { SessionRefusedError } from './session-settings.ts';
import type { SessionPool } from './session-pool.ts';
import type { StoreConnections } from './store-connections.ts';

/** Limits how often readers with impossible cursors can cause all connections to be replaced. */
const RENEWAL_PAUSE_MS = 1_000;

/** Runs the calls of one store. Each ends within the deadline, and rejects with a StoreUnavailableError if it fails. */
export class StoreCalls {
  readonly #connections: StoreConnections;
  readonly #timeouts: SharedTimeouts;
  readonly #open = new OpenCalls();
  #isClosed = false;
  /**
   * Set if the last check found that the database can't keep the guarantees, or that this program is too old for it.
   */
  #refusal: Error | undefined;
  #readersRenewedAtMs = -Infinity;

  constructor(connections: StoreConnections, deadlineMs: number) {
    this.#connections = connections;
    this.#timeouts = new SharedTimeouts(deadlineMs);
  }

  /** Runs `work` on a session that never holds a lock. */
  read<T>(what: string, work: (session: Session) => Promise<T>): Promise<T> {
    return this.#onSession(this.#connections.readers, what, work);
  }

  /** Runs `work` on a session where each statement is its own transaction. */
  save<T>(what: string, work: (session: Session) => Promise<T>): Promise<T> {
    return this.#onSession(this.#connections.savers, what, work);
  }

  /**
   * Runs `work` on a session without autocommit. If this process freezes in mid-transaction, the server soon ends the
   * session.
   */
  write<T>(what: string, work: (session: Session) => Promise<T>): Promise<T> {
    return this.#onSession(this.#connections.writers, what, work);
  }

  /**
   * Runs a check of the database. If it finds that the database can't keep the guarantees, all other calls are refused.
   */
  async check<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const checked = async (signal: AbortSignal) => {
      try {
        const found = await work(signal);
        this.#refusal = undefined;
        return found;
      } catch (error) {
        if (isRefusal(error)) this.#refusal = error;
        throw error;
      }
    };
    return await this.#inTime(what, checked);
  }

  /** Runs `work` with the deadline: its `signal` is aborted when the time is up. */
  inTime<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#refusal === undefined) return this.#inTime(what, work);
    return Promise.reject(new StoreUnavailableError(`${what} failed`, this.#refusal));
  }

  async #inTime<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new StoreUnavailableError(`${what} failed`, new Error('the store is closed'));
    const controller = new AbortController();
    this.#open.begin();
    try {
      return await withDeadline(work(controller.signal), {
        what,
        timeouts: this.#timeouts,
        onExpired: () => controller.abort(),
      });
    } catch (error) {
      if (error instanceof StoreUnavailableError) throw error;
      // If time ran out while the server had no room for a connection, that is the reason to report.
      const refusal = error instanceof DeadlineError ? this.#connections.refusal : undefined;
      throw new StoreUnavailableError(`${what} failed`, refusal ?? error);
    } finally {
      this.#open.end();
    }
  }

  /** Makes the next read use a connection that is at most as old as RENEWAL_PAUSE_MS. */
  renewReaders(): void {
    const nowMs = performance.now();
    if (nowMs - this.#readersRenewedAtMs < RENEWAL_PAUSE_MS) return;
    this.#readersRenewedAtMs = nowMs;
    this.#connections.readers.renew();
  }

  /** Resolves when the calls in flight have ended. Later calls are refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#open.idle();
    this.#connections.close();
  }

  #onSession<T>(pool: SessionPool, what: string, work: (session: Session) => Promise<T>): Promise<T> {
    return this.inTime(what, (signal) => pool.use(signal, work));
  }
}

function isRefusal(error: unknown): error is Error {
  if (error instanceof SchemaVersionError) return error.code === 'schema_too_new';
  return error instanceof TopologyRefusedError || error instanceof SessionRefusedError;
}

import { DeadlineError, OpenCalls, withDeadline } from '@postline/service-runtime';
import { StoreUnavailableError } from '../../message-store.ts';
import { TopologyRefusedError } from './server-facts.ts';
import { SchemaVersionError } from './schema-version-error.ts';
import type { Session } from './session.ts';
import { SessionRefusedError } from './session-settings.ts';
import type { SessionPool } from './session-pool.ts';
import type { StoreConnections } from './store-connections.ts';

/** Readers that claim an impossible cursor must not make the connections be opened anew for each of them. */
const RENEWAL_PAUSE_MS = 1_000;

/** The calls of one store: each ends within the deadline, and rejects with a StoreUnavailableError if it fails. */
export class StoreCalls {
  readonly #connections: StoreConnections;
  readonly #deadlineMs: number;
  readonly #open = new OpenCalls();
  #isClosed = false;
  /** The last check found that the database can't keep the guarantees, or that this program is too old for it. */
  #refusal: Error | undefined;
  #readersRenewedAtMs = -Infinity;

  constructor(connections: StoreConnections, deadlineMs: number) {
    this.#connections = connections;
    this.#deadlineMs = deadlineMs;
  }

  /** On a session that never holds a lock. */
  read<T>(what: string, work: (session: Session) => Promise<T>): Promise<T> {
    return this.#onSession(this.#connections.readers, what, work);
  }

  /** On a session where each statement is a transaction by itself. */
  save<T>(what: string, work: (session: Session) => Promise<T>): Promise<T> {
    return this.#onSession(this.#connections.savers, what, work);
  }

  /** On a session without autocommit. Where this process is frozen in between, the server soon ends it. */
  write<T>(what: string, work: (session: Session) => Promise<T>): Promise<T> {
    return this.#onSession(this.#connections.writers, what, work);
  }

  /** A check of the database: while it finds that the database can't keep the guarantees, all other calls are refused. */
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

  /** `signal` is aborted when the time is up. */
  async inTime<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#refusal !== undefined) throw new StoreUnavailableError(`${what} failed`, this.#refusal);
    return await this.#inTime(what, work);
  }

  async #inTime<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new StoreUnavailableError(`${what} failed`, new Error('the store is closed'));
    const controller = new AbortController();
    const call = withDeadline(work(controller.signal), {
      what,
      milliseconds: this.#deadlineMs,
      onExpired: () => controller.abort(),
    });
    try {
      return await this.#open.track(call);
    } catch (error) {
      if (error instanceof StoreUnavailableError) throw error;
      // Where time was up while the server had no room for a connection, that is the reason.
      const refusal = error instanceof DeadlineError ? this.#connections.refusal : undefined;
      throw new StoreUnavailableError(`${what} failed`, refusal ?? error);
    }
  }

  /** The next read goes by a connection that is at most as old as the pause. */
  renewReaders(): void {
    const nowMs = performance.now();
    if (nowMs - this.#readersRenewedAtMs < RENEWAL_PAUSE_MS) return;
    this.#readersRenewedAtMs = nowMs;
    this.#connections.readers.renew();
  }

  /** Resolves once the calls in flight have ended. Later ones are refused. */
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

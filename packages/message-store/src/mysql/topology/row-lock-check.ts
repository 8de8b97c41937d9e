import { setTimeout as sleep } from 'node:timers/promises';
import { ServerReadOnlyError, TopologyRefusedError } from '../sessions/server-facts.ts';
import { openSession, type Session, type SessionOptions } from '../sessions/session.ts';
import { hasErrno, isSqlError, isTooManyConnections, SQL_ERRORS } from '../sessions/sql-error.ts';

/**
 * Tables with one row, a counter, that is seldom locked. The API's user has the right to lock the first one, and the
 * relay's user the second one (docs/database-rights.md).
 */
const COUNTER_TABLES = ['disconnect_head', 'log_epoch'] as const;

/** Several services may check the same row at the same time, each for a few milliseconds. */
const ATTEMPTS_MAX = 20;
const ATTEMPT_PAUSE_MS = 20;

type Finding =
  /** The row locks work. */
  | 'kept'
  /** The user may not lock any of these rows. */
  | 'no-right'
  /** Unknown: other transactions held the row, or the server had no room for two more connections. */
  | 'undecided';

/**
 * Checks that a session skips a row that another session has locked, because every append depends on it. It takes some
 * milliseconds and two connections outside the pools, and runs only for a server that was not checked before.
 */
export class RowLockCheck {
  readonly #session: SessionOptions;
  #checkedIdentity: string | undefined;
  #finding: Finding = 'undecided';
  #running: Promise<void> | undefined;

  constructor(session: SessionOptions) {
    this.#session = session;
  }

  /** Whether the last check failed because of a missing right. */
  get lacksRight(): boolean {
    return this.#finding === 'no-right';
  }

  /** Rejects with a TopologyRefusedError if the server does not support such locks. */
  async check(identity: string, signal: AbortSignal): Promise<void> {
    if (identity === this.#checkedIdentity) return;
    this.#running ??= this.#run(identity, signal).finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  async #run(identity: string, signal: AbortSignal): Promise<void> {
    this.#finding = await this.#findOut(signal);
    if (this.#finding !== 'undecided') this.#checkedIdentity = identity;
  }

  async #findOut(signal: AbortSignal): Promise<Finding> {
    const sessions: Session[] = [];
    const onAbort = () => {
      for (const session of sessions) session.destroy(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const holder = await openSession(this.#session, signal);
      sessions.push(holder);
      const other = await openSession(this.#session, signal);
      sessions.push(other);
      return await checkRowLocks(holder, other);
    } catch (error) {
      if (isTooManyConnections(error) || error instanceof ServerReadOnlyError) return 'undecided';
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      for (const session of sessions) session.close();
    }
  }
}

async function checkRowLocks(holder: Session, other: Session): Promise<Finding> {
  for (const table of COUNTER_TABLES) {
    try {
      return await checkRow(holder, other, table);
    } catch (error) {
      if (hasErrno(error, SQL_ERRORS.accessDenied)) continue;
      if (!isSqlError(error)) throw error;
      throw refusal(`the server answered error ${error.errno}`);
    }
  }
  return 'no-right';
}

async function checkRow(holder: Session, other: Session, table: string): Promise<Finding> {
  const lock = async (session: Session) => {
    const rows = await session.select(`SELECT 1 AS found FROM ${table} FOR UPDATE SKIP LOCKED`, []);
    return rows.length > 0;
  };
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const holds = await lock(holder);
    const othersLockToo = holds && (await lock(other));
    await other.run('ROLLBACK');
    await holder.run('ROLLBACK');
    if (othersLockToo) throw refusal('two sessions locked the same row at once');
    if (holds) return 'kept';
    await sleep(ATTEMPT_PAUSE_MS);
  }
  return 'undecided';
}

function refusal(what: string): TopologyRefusedError {
  return new TopologyRefusedError(
    `DATABASE_URL leads to a server that fails the check of row locks (SELECT … FOR UPDATE SKIP LOCKED): ${what}`,
  );
}

import type Database from 'libsql';
import { StoreUnavailableError } from '../message-store.ts';
import { RowRefusedError } from '../rules/bisect-append.ts';
import { retryWhileBusy } from './busy-retry.ts';
import type { SqliteStatements } from './sqlite-statements.ts';

export interface FileCallsOptions {
  readonly database: Database.Database;
  readonly statements: SqliteStatements;
  /** Milliseconds after which a call fails while another process has the file locked. */
  readonly deadlineMs: number;
}

/** Runs the calls of one store on its file. Each call runs in one turn of the event loop. */
export class FileCalls {
  readonly #options: FileCallsOptions;

  constructor(options: FileCallsOptions) {
    this.#options = options;
  }

  async whenFree<T>(what: string, work: () => T): Promise<T> {
    const { database, deadlineMs } = this.#options;
    try {
      return await retryWhileBusy({ what, deadlineMs }, () => {
        if (!database.open) throw new Error('the store is closed');
        return work();
      });
    } catch (error) {
      throw unavailable(what, error);
    }
  }

  /** Runs all reads of `read` in one snapshot. */
  snapshot<T>(what: string, read: (epoch: string, now: string) => T): Promise<T> {
    const { statements } = this.#options;
    return this.whenFree(what, () => {
      statements.beginReading();
      try {
        const [epoch, now] = statements.selectEpoch()[0] ?? [];
        if (typeof epoch !== 'string' || typeof now !== 'string') throw new Error('the file has no epoch');
        return read(epoch, now);
      } finally {
        statements.rollback();
      }
    });
  }
}

/** Errors about a row or an argument stay as they are. Any other error means that the file can't be used. */
export function unavailable(what: string, error: unknown): unknown {
  const isOwn = error instanceof StoreUnavailableError || error instanceof RowRefusedError;
  return isOwn ? error : new StoreUnavailableError(`${what} failed`, error);
}

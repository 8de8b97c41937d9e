import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailableError } from '../../message-store.ts';
import type { DatabaseAccess } from './database-connection.ts';
import { openSession, type Session } from './session.ts';
import { isTooManyConnections } from './sql-error.ts';

const CONNECT_DEADLINE_MS = 5_000;

/** When other processes have no connection left, the services release some of theirs within seconds. */
const TOO_MANY_PAUSE_MS = 200;

/**
 * Opens a session for work on the whole database, outside the pools. While the server has no room for it, it tries
 * again. Rejects with a StoreUnavailableError if that takes longer than `deadlineMs`.
 */
export async function openAdministratorSession(
  { databaseUrl, databaseCa }: DatabaseAccess,
  deadlineMs = CONNECT_DEADLINE_MS,
): Promise<Session> {
  const options = { databaseUrl, databaseCa, role: 'migrate', idleSecondsMax: 0 } as const;
  const signal = AbortSignal.timeout(deadlineMs);
  let lastError: unknown;
  for (;;) {
    try {
      return await openSession(options, signal);
    } catch (error) {
      if (!signal.aborted) lastError = error;
      if (signal.aborted || !isTooManyConnections(error)) {
        throw new StoreUnavailableError('the database can not be used', lastError ?? error);
      }
    }
    await sleep(TOO_MANY_PAUSE_MS);
  }
}

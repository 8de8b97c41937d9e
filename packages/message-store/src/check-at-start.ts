import { databaseReason } from './database-reason.ts';
import type { MessageStore } from './message-store.ts';

/**
 * Checks the database when a service starts. Resolves to whether it answered, even if it lacks the schema. Rejects if
 * waiting can't make it usable: a wrong password, an unknown database, a missing right, a server that can't keep the
 * guarantees.
 */
export async function answersAtStart(store: Pick<MessageStore, 'checkReady'>): Promise<boolean> {
  try {
    await store.checkReady();
    return true;
  } catch (error) {
    const { code, isLasting, text } = databaseReason(error);
    if (isLasting) throw new Error(`the database cannot be used: ${text}`, { cause: error });
    return code === 'schema';
  }
}

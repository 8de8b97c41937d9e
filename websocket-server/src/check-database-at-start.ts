import { databaseReason, type MessageStore } from '@postline/message-store';

/**
 * Rejects if waiting cannot make the database usable: a wrong password, an unknown database, a missing right. If it only
 * does not answer yet, or was not migrated yet, the relay listens, and is not ready until then.
 */
export async function checkDatabaseAtStart(store: Pick<MessageStore, 'checkReady'>): Promise<void> {
  try {
    await store.checkReady();
  } catch (error) {
    const { isLasting, text } = databaseReason(error);
    if (isLasting) throw new Error(`the database can not be used: ${text}`, { cause: error });
  }
}

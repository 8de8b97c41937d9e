import { answersAtStart, type MessageStore } from '@postline/message-store';
import { pause } from '@postline/service-runtime';

const RETRY_PAUSE_MS = 500;

/**
 * The rest of a relay's start, while it listens and is not ready: resolves when the database has answered. Rejects if
 * waiting cannot make it usable. RelayHealth logs the wait.
 */
export async function waitForDatabase(store: Pick<MessageStore, 'checkReady'>): Promise<void> {
  while (!(await answersAtStart(store))) await pause(RETRY_PAUSE_MS, { holdsProcess: false });
}

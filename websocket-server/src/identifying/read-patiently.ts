import { pause } from './pause.ts';

/** Between two tries while the database is away; with it back, a waiting client goes on within this time. */
export const RETRY_MS = 500;

/** Tries again while the database doesn't answer; undefined once nobody waits for it. */
export async function readPatiently<Value>(
  read: () => Promise<Value>,
  isWaiting: () => boolean,
): Promise<Value | undefined> {
  while (isWaiting()) {
    try {
      return await read();
    } catch {
      await pause(RETRY_MS);
    }
  }
  return undefined;
}

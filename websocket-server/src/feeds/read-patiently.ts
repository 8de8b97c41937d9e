import { pause } from '@postline/service-runtime';

/** Time between two tries while the database is away; once it is back, a waiting client goes on within this time. */
export const RETRY_MS = 500;

/** Retries while the database does not answer; undefined once nobody waits for the answer. */
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

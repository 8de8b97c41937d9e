import { setTimeout as sleep } from 'node:timers/promises';

const POLL_INTERVAL_MS = 20;

/**
 * Waits for a fact: calls `probe` until it returns something other than `undefined` or `false`, and returns that.
 * After `milliseconds` it rejects with the name of the fact. A probe that throws counts as "not yet".
 */
export async function waitUntil<T>(
  fact: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  milliseconds = 15_000,
): Promise<T> {
  const end = performance.now() + milliseconds;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > end) {
      throw new Error(`not within ${milliseconds} ms: ${fact}`, { cause: lastError });
    }
    await sleep(POLL_INTERVAL_MS);
  }
}

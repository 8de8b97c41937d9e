import type { Run } from './run.ts';

/** Sends one message to each of these targets, one after another. Returns the milliseconds of the slowest. */
export async function longestSendMs(
  run: Run,
  targets: Run['ledger']['targets'],
  options?: Parameters<Run['createSender']>[0],
): Promise<number> {
  let longest = 0;
  for (const target of targets) {
    const start = performance.now();
    await run.createSender(options).sendTo(target);
    longest = Math.max(longest, performance.now() - start);
  }
  return Math.round(longest);
}

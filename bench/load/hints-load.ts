import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { HintsJob, HintsResult, MeasureSignals } from './load-job.ts';

const CHANNELS = 1_000;
/** About as many as share a commit under load. */
const HINTS_AT_ONCE = 64;
/** A `new_message` frame with a text of 64 bytes. */
const HINT_BYTES = 230;

/** Publishes to channels that each of several subscribers follows, as fast as Redis takes it. */
export async function runHintsLoad(job: HintsJob, signals: MeasureSignals): Promise<HintsResult> {
  const open = () => new Redis(job.redisUrl, { enableAutoPipelining: false });
  const channels = Array.from({ length: CHANNELS }, (_, index) => `cost:${index}`);
  const subscribers = Array.from({ length: job.subscribers }, open);
  for (const subscriber of subscribers) await subscriber.subscribe(...channels);
  const publisher = open();
  const frame = '.'.repeat(HINT_BYTES);
  let hints = 0;
  const running = { isOver: false };
  const publishing = (async () => {
    while (!running.isOver) {
      const pipeline = publisher.pipeline();
      for (let count = 0; count < HINTS_AT_ONCE; count += 1)
        pipeline.publish(channels[(hints + count) % CHANNELS] ?? '', frame);
      await pipeline.exec();
      hints += HINTS_AT_ONCE;
    }
  })();

  await sleep(job.warmUpSeconds * 1_000);
  await signals.begin();
  const before = hints;
  await sleep(job.measureSeconds * 1_000);
  const measured = hints - before;
  await signals.end();
  running.isOver = true;
  await publishing;
  for (const connection of [publisher, ...subscribers]) connection.disconnect();
  return { faults: [], hints: measured };
}

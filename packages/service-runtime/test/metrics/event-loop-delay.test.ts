import { setImmediate as otherTurn, setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createMetricsRegistry } from '../../src/index.ts';

/** What is measured is time itself: several looks at the event loop have to pass. */
const SOME_LOOKS_MS = 500;

/** In seconds; of the time since the registry was made. */
async function delayDuring(what: () => Promise<void>, part: string): Promise<number> {
  const registry = createMetricsRegistry('api-server');
  await what();
  const pattern = new RegExp(`^nodejs_eventloop_lag_${part}_seconds\\{.*\\} (.+)$`, 'm');
  return Number(pattern.exec(await registry.metrics())?.[1]);
}

async function block(milliseconds: number): Promise<void> {
  for (const end = performance.now() + milliseconds; performance.now() < end; );
  await otherTurn();
}

it('[OPS-3] a process that nothing holds up shows no delay, although it is looked at ten times a second', async () => {
  expect(await delayDuring(() => sleep(SOME_LOOKS_MS), 'min')).toBeLessThan(0.05);
});

it('[OPS-3] what holds up the event loop shows', async () => {
  const max = await delayDuring(async () => {
    for (let time = 1; time <= 3; time += 1) await block(SOME_LOOKS_MS);
  }, 'max');
  expect(max).toBeGreaterThan((0.5 * SOME_LOOKS_MS) / 1_000);
  expect(max).toBeLessThan(10);
});

it('[MET-5] the delays are a histogram, which a scrape does not reset', async () => {
  const registry = createMetricsRegistry('api-server');
  const slowSamples = async () => {
    const text = await registry.metrics();
    const of = (suffix: string) =>
      Number(
        new RegExp(`^postline_event_loop_delay_seconds${suffix},?service="api-server"} (.+)$`, 'm').exec(
          text,
        )?.[1],
      );
    return of('_count{') - of('_bucket{le="0.1",');
  };
  await sleep(SOME_LOOKS_MS);
  await block(SOME_LOOKS_MS);
  await sleep(SOME_LOOKS_MS);
  const slow = await slowSamples();
  expect(slow).toBeGreaterThanOrEqual(1);
  expect(await slowSamples()).toBeGreaterThanOrEqual(slow);
});

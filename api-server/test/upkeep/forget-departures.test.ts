import { waitUntil } from '@postline/test-support';
import { expect, it } from 'vitest';
import { createForgetDepartures } from '../../src/upkeep/forget-departures.ts';

it('[GRP-6] departures are deleted step by step until none is left, again and again, also after an error', async () => {
  const steps: (number | Error)[] = [500, 7, 0, new Error('away'), 0];
  const errors: unknown[] = [];
  let calls = 0;
  let passes = 0;
  const task = createForgetDepartures({
    store: {
      forgetDepartures: () => {
        const step = steps[calls] ?? 0;
        calls += 1;
        return step instanceof Error ? Promise.reject(step) : Promise.resolve(step);
      },
    },
    intervalMs: 1,
    onPass: () => (passes += 1),
    onError: (error) => errors.push(error),
  });
  task.start();
  await waitUntil('two passes', () => passes >= 2);
  await task.stop();
  expect(errors).toEqual([new Error('away')]);
  const stoppedAt = calls;
  task.runNow();
  expect(calls).toBe(stoppedAt);
});

import { expect, it } from 'vitest';
import { delayPercentile } from '../../src/operations/delay-percentile.ts';

const bounds = [1, 10, 100];

it.each([
  [[0, 0, 0, 0], 0.5, null],
  [[], 0.5, null],
  [[4, 0, 0, 0], 0.5, 0.5],
  [[0, 10, 0, 0], 0.5, 5.5],
  [[0, 10, 0, 0], 1, 10],
  [[98, 0, 2, 0], 0.5, 50 / 98],
  [[98, 0, 2, 0], 0.99, 55],
  [[0, 0, 0, 3], 0.5, 100],
])('of %j the share %f is within %s ms', (counts, share, expected) => {
  const percentile = delayPercentile(counts, { bounds, share });
  if (expected === null) expect(percentile).toBeNull();
  else expect(percentile).toBeCloseTo(expected);
});

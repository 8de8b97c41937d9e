import { expect, it } from 'vitest';
import { describeRatios, describeSide } from '../../beside/comparison.ts';

const side = (name: string, api: number, latencies: readonly number[], rounds: number) => ({
  name,
  slices: Array.from({ length: rounds }, () => ({
    all: api,
    byRole: new Map([['api-server', api] as const]),
    messagesPerSecond: 200,
    arrivalMs: Float64Array.from(latencies),
  })),
});
const words = (text: string) => text.split('\n').map((line) => line.replace(/ +/g, ' '));

it('describes what a system costs, and its latencies', () => {
  expect(words(describeSide(side('bare parts', 4, [1, 2, 9], 2)))).toEqual([
    'bare parts',
    ' median range unit',
    'accepted 200 200 to 200 per s',
    'all servers 4.00 4.00 to 4.00 ms CPU per 1,000',
    ' api-server 4.00 4.00 to 4.00 ms CPU per 1,000',
    'send to arrival p50 2.00 2.00 to 2.00 ms',
    'send to arrival, all slices: p50 2.00 ms, p99 9.00 ms',
  ]);
});

it('describes ratios to another system by its name', () => {
  const [present, other] = [side('this build', 6, [1, 3, 9], 12), side('old', 4, [1, 2, 6], 12)];
  expect(words(describeRatios(present, other))).toEqual([
    'this build as a share of old, round by round (range: the middle half)',
    ' median range unit',
    'all servers 150 150 to 150 %',
    ' api-server 150 150 to 150 %',
    'send to arrival p50 150 150 to 150 %',
    'send to arrival p99, by sixths of the run 150 150 to 150 %',
    'send to arrival p99, all slices: 150 %',
  ]);
});

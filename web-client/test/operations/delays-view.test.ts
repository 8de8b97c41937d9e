import { expect, it } from 'vitest';
import { barsOf } from '../../src/operations/delays-view.ts';
import { exampleState } from './example-state.ts';

it('[OPP-4] shows the delays from the first to the last bucket with messages', () => {
  expect(barsOf(exampleState().delays)).toEqual([
    { bound: '≤ 10 ms', fromHints: 28, fromLog: 0 },
    { bound: '≤ 100 ms', fromHints: 0, fromLog: 1 },
    { bound: 'over 100 ms', fromHints: 0, fromLog: 1 },
  ]);
  expect(barsOf({ boundsMs: [1], fromHints: [0, 0], fromLog: [0, 0] })).toEqual([]);
});

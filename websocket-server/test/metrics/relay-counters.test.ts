import { expect, it } from 'vitest';
import { RelayCounters } from '../../src/metrics/relay-counters.ts';

it('counts closes by the codes it knows; any other is one label', () => {
  const counters = new RelayCounters();
  for (const code of [1000, 1001, 4002, 4002, 4003, 4999, 3000, 3001]) counters.countClose(code);
  const counted = [...counters.closesByCode].filter(([, count]) => count > 0);
  expect(Object.fromEntries(counted)).toEqual({
    '1000': 1,
    '1001': 1,
    '4002': 2,
    '4003': 1,
    other: 3,
  });
});

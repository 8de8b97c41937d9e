import { expect, it } from 'vitest';
import { lanesOf, spansOf } from '../../src/operations/lane-list.ts';
import { exampleState } from './example-state.ts';

it('[OPP-4] a server is down in its outages, and unknown before the start', () => {
  const state = exampleState({
    startedAtMs: 102_000,
    outages: [
      { part: 'bus', beganMs: 107_000, endedMs: null, reason: 'connection refused' },
      { part: 'bus', beganMs: 103_000, endedMs: 104_000, reason: 'timed out' },
      { part: 'bus', beganMs: 10_000, endedMs: 20_000, reason: 'timed out' },
      { part: 'database', beganMs: 105_000, endedMs: 106_000, reason: 'timed out' },
    ],
  });
  expect(spansOf('bus', state)).toMatchObject([
    { kind: 'unknown', fromMs: 100_000, toMs: 102_000 },
    { kind: 'up', fromMs: 102_000, toMs: 108_000 },
    {
      kind: 'down',
      fromMs: 107_000,
      toMs: 108_000,
      title: expect.stringMatching(/1 s: connection refused$/) as unknown,
    },
    { kind: 'down', fromMs: 103_000, toMs: 104_000 },
  ]);
  expect(spansOf('database', state)).toHaveLength(3);
});

it('[OPP-4] each lane says its latest value, and its values at a time', () => {
  const lanes = lanesOf(
    exampleState({
      parts: {
        database: { status: 'up', sinceMs: 48_500 },
        bus: { status: 'down', sinceMs: 106_500, reason: 'connection refused' },
      },
    }),
  );
  expect(lanes.map(({ title, value }) => `${title}: ${value}`)).toEqual([
    'Database: up for 1 min',
    'Redis: down for 2 s: connection refused',
    'Comparisons that failed: none',
    'Gaps repaired: 1',
    'Delay: median, and 99 % within (dashed): 99 % within 1.5 s at most',
    'Messages sent per second: at most 10',
    'Connections: at most 1,200',
  ]);
  const at = (step: number) => lanes.map(({ valueAt }) => valueAt(step)).filter((words) => words !== '');
  expect(at(0)).toEqual(['no delays', '0 messages per second', 'the relay did not run, or stood still']);
  expect(at(3)).toEqual(['median 3 ms, 99 % within 1.5 s', '10 messages per second', '1,200 connections']);
  expect(at(2)).toContain('gaps repaired: 1');
});

import { expect, it } from 'vitest';
import { mergeSnapshots, type RelaySnapshot, sumOfDelays } from '../../src/operations/relay-snapshot.ts';
import { EMPTY_STEP } from '../../src/operations/samples.ts';

const snapshotOf = (more: Partial<RelaySnapshot> = {}): RelaySnapshot => ({
  startedAtMs: 5_000,
  status: 'ready',
  parts: { database: { status: 'up', sinceMs: 1 }, bus: { status: 'up', sinceMs: 1 } },
  warnings: ['open'],
  now: {
    connections: 2,
    connectionsMax: 10,
    connectionsAwaitingIdentify: 0,
    connectionsStalled: 0,
    clients: 2,
    targets: 2,
    groups: 1,
    acksWaiting: 0,
    socketQueuesBytes: 0,
  },
  totals: {
    connectionsOpened: 2,
    messagesSent: 7,
    hintsReceived: 7,
    hintsLost: 0,
    gapsRepaired: 0,
    comparisons: 3,
    comparisonsFailed: 0,
  },
  samples: {
    fromSecond: 100,
    stepSeconds: 2,
    steps: [EMPTY_STEP, { ...EMPTY_STEP, connections: 2, messagesSent: 3, hintDelays: [3] }],
  },
  outages: [],
  gaps: [],
  ...more,
});

it('[OPP-2] of several processes, figures are summed and the worst condition counts', () => {
  const merged = mergeSnapshots(
    snapshotOf(),
    snapshotOf({
      startedAtMs: 4_000,
      status: 'degraded',
      parts: {
        database: { status: 'up', sinceMs: 1 },
        bus: { status: 'down', sinceMs: 9, reason: 'timed out' },
      },
      warnings: ['open', 'hints are lost'],
    }),
  );
  expect(merged).toMatchObject({
    startedAtMs: 4_000,
    status: 'degraded',
    parts: { database: { status: 'up' }, bus: { status: 'down', reason: 'timed out' } },
    warnings: ['open', 'hints are lost'],
    now: { connections: 4, connectionsMax: 20, groups: 2 },
    totals: { messagesSent: 14 },
  });
  expect(merged.samples.steps).toMatchObject([{ connections: null }, { connections: 4, messagesSent: 6 }]);
  expect(sumOfDelays(merged.samples.steps, 'hintDelays')).toEqual([6]);
});

it('[OPP-2] steps are added by their time', () => {
  const { samples } = snapshotOf();
  const [first = EMPTY_STEP, last = EMPTY_STEP] = samples.steps;
  const later = snapshotOf({ samples: { ...samples, fromSecond: 102, steps: [last, first] } });
  expect(mergeSnapshots(snapshotOf(), later).samples).toMatchObject({
    fromSecond: 102,
    steps: [{ connections: 4 }, { connections: null }],
  });
});

it('[OPP-2] an outage that several processes noticed is one', () => {
  const outage = (beganMs: number, endedMs: number | null, part: 'bus' | 'database' = 'bus') =>
    ({ part, beganMs, endedMs, reason: 'refused' }) as const;
  const merged = mergeSnapshots(
    snapshotOf({ outages: [outage(10, 20), outage(50, 60)] }),
    snapshotOf({ outages: [outage(11, 22), outage(12, 13, 'database'), outage(55, null)] }),
  );
  expect(merged.outages).toEqual([outage(10, 22), outage(12, 13, 'database'), outage(50, null)]);
});

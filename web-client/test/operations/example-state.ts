import type { OperationsState } from '@postline/protocol';

/** A relay of which four steps of 2 s are shown. */
export function exampleState(more: Partial<OperationsState> = {}): OperationsState {
  return {
    version: '0.2.0',
    nowMs: 108_500,
    startedAtMs: 50_000,
    processes: { expected: 1, answered: 1 },
    status: 'ready',
    parts: { database: { status: 'up', sinceMs: 50_000 }, bus: { status: 'up', sinceMs: 50_000 } },
    warnings: [],
    now: {
      connections: 1_200,
      connectionsMax: 50_000,
      connectionsAwaitingIdentify: 0,
      connectionsStalled: 0,
      clients: 1_100,
      targets: 1_101,
      groups: 1,
      acksWaiting: 0,
      socketQueuesBytes: 0,
    },
    totals: {
      connectionsOpened: 1_300,
      messagesSent: 1_000,
      hintsReceived: 998,
      hintsLost: 2,
      gapsRepaired: 3,
      comparisons: 20,
      comparisonsFailed: 0,
    },
    timeline: {
      fromMs: 100_000,
      stepMs: 2_000,
      connections: [null, 1_000, 1_100, 1_200],
      messagesSent: [0, 10, 0, 20],
      gapsRepaired: [0, 0, 1, 0],
      comparisons: [1, 1, 0, 1],
      comparisonsFailed: [0, 0, 0, 0],
      delayMedianMs: [null, 2, null, 3],
      delayP99Ms: [null, 4, null, 1_500],
    },
    delays: { boundsMs: [1, 10, 100], fromHints: [0, 28, 0, 0], fromLog: [0, 0, 1, 1] },
    outages: [],
    gaps: [],
    ...more,
  };
}

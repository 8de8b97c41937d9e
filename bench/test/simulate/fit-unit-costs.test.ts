import { expect, it } from 'vitest';
import { fitUnitCosts } from '../../simulate/fit-unit-costs.ts';

const ROLES = ['api-server', 'websocket-server', 'database', 'redis'];

/** Figures of every part; 0 where a test says nothing. */
function figuresOf(values: Readonly<Record<string, number>>) {
  const parts = ['no clients', 'idle clients', 'idle sockets of one client', 'opening', 'without acks'];
  const others = [
    'with acks',
    '8 publishers',
    '64 publishers',
    'batches of 100',
    'group',
    'storm',
    'workers',
  ];
  const subscribers = ['1 subscriber', '4 subscribers'];
  const names = [...parts, ...others, ...subscribers].flatMap((part) => [
    ...ROLES.map((role) => `${part}: ${role}`),
    ...ROLES.map((role) => `${part}: ${role} resident`),
    ...['rows in a commit', 'a commit', 'log written', 'acks', 'messages'].map((name) => `${part}: ${name}`),
  ]);
  const figures = Object.fromEntries([...names, 'rows: stored'].map((name) => [name, 1]));
  figures['8 publishers: rows in a commit'] = 0.5; // commits of two sizes
  return Object.entries({ ...figures, ...values }).map(([name, median]) => ({ name, median }));
}

it('divides the cost of a message between it and its commit, by commits of two sizes', () => {
  const costs = fitUnitCosts(
    figuresOf({
      // 40 a message and 160 a commit; in batches 12 a message, which leaves about 28 for a request.
      ...{ '8 publishers: rows in a commit': 8, '8 publishers: api-server': 60 },
      ...{ '64 publishers: rows in a commit': 64, '64 publishers: api-server': 42 },
      ...{ 'workers: rows in a commit': 64, 'workers: api-server': 43 },
      ...{ 'batches of 100: rows in a commit': 1_600, 'batches of 100: api-server': 12.38 },
    }),
  );
  expect(costs.apiCommitUs).toBeCloseTo(160);
  expect(costs.apiMessageUs).toBeCloseTo(12);
  expect(costs.apiRequestUs).toBeCloseTo(28);
});

it('divides what idle connections cost between heads and heartbeats', () => {
  const costs = fitUnitCosts(
    figuresOf({
      // 10,000 connections: 400 heartbeats and 3,333 heads a second.
      ...{ 'no clients: websocket-server': 5, 'idle sockets of one client: websocket-server': 25 },
      ...{ 'idle clients: websocket-server': 45, 'no clients: database': 2, 'idle clients: database': 12 },
    }),
  );
  expect(costs.relayIdleUs).toBeCloseTo(5_000);
  expect(costs.relayHeartbeatUs).toBeCloseTo(50);
  expect(costs.relayHeadUs).toBeCloseTo(6);
  expect(costs.databaseHeadUs).toBeCloseTo(3);
  expect(costs.databaseIdleUs).toBeCloseTo(1_000);
});

it('counts what acks add apart from commits, which they make fewer', () => {
  const costs = fitUnitCosts(
    figuresOf({
      // 340 a commit; 1,000 messages a second in 800 commits, and in 700 with acks.
      ...{ '8 publishers: rows in a commit': 4, '8 publishers: database': 95 },
      ...{ '64 publishers: rows in a commit': 50, '64 publishers: database': 16.8 },
      ...{ 'workers: rows in a commit': 50, 'workers: database': 16.8 },
      ...{ 'without acks: messages': 1_000, 'without acks: rows in a commit': 1_000 / 800 },
      ...{ 'with acks: messages': 1_000, 'with acks: rows in a commit': 1_000 / 700, 'with acks: acks': 500 },
      ...{ 'without acks: database': 300, 'with acks: database': 276 },
    }),
  );
  expect(costs.databaseCommitUs).toBeCloseTo(340);
  expect(costs.databaseAckUs).toBeCloseTo(20); // 10 ms more than 34 ms less
});

it('a difference below 0 is noise', () => {
  const noisy = { 'without acks: database': 50, 'with acks: database': 40 };
  expect(fitUnitCosts(figuresOf(noisy)).databaseAckUs).toBe(0);
});

it('says which figure a result lacks', () => {
  expect(() => fitUnitCosts([])).toThrow('no figure "8 publishers: api-server"');
});

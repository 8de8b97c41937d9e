import { defineConfig } from 'vitest/config';
import { fromSource } from './vitest.from-source.ts';

/** `expect.poll` waits as long as `waitUntil`: both are bounds for a failure, and a busy machine takes its time. */
const PATIENT = { expect: { poll: { timeout: 15_000 } } };

const NEEDS_SERVERS = ['**/*.mysql.test.ts', '**/*.redis.test.ts'];
const WHOLE_SYSTEM = ['**/*.e2e.test.ts', '**/*.browser.test.ts'];
/** They hold services to the times of the contract while servers are away, and mostly wait: two at once, no other. */
const TIMED = [
  'api-server/test/api-server.mysql.test.ts',
  'api-server/test/api-server.redis.test.ts',
  'tests/groups/times.e2e.test.ts',
  'websocket-server/test/relay.redis.test.ts',
];
/** Hundreds of clients at once would disturb other tests; their own times are wide. */
const CROWDS = [
  'tests/hostile/slow-senders.e2e.test.ts',
  'tests/hostile/held-memory.e2e.test.ts',
  'tests/hostile/relay-memory.e2e.test.ts',
];
/** They hold the whole system to the times of the contract while they break it: one after the other, and alone. */
const BROKEN_SYSTEM = ['tests/faults/**/*.e2e.test.ts'];
const NEVER = [
  '**/node_modules/**',
  '**/dist/**',
  'tests/compose/**',
  'tests/client-platforms/**',
  'tests/upgrade/**',
];

const SERVER_START_MS = 60_000;
/** They wait for servers, processes and deadlines for more than a third of their time: three keep two cores busy. */
const WAITING_WORKERS = 3;

export default defineConfig({
  test: {
    reporters: ['default', ['json', { outputFile: 'reports/tests.json' }]],
    maxWorkers: 2,
    projects: [
      {
        ...fromSource,
        test: {
          ...PATIENT,
          name: 'unit',
          isolate: false, // most of their time would be spent on loading the same modules again
          include: ['**/*.test.ts'],
          exclude: [...NEVER, ...NEEDS_SERVERS, ...WHOLE_SYSTEM],
          // None needs a second of its own; a machine with other work takes longer for the large bodies and models.
          testTimeout: 20_000,
        },
      },
      {
        ...fromSource,
        test: {
          ...PATIENT,
          name: 'servers',
          isolate: false,
          include: NEEDS_SERVERS,
          exclude: [...NEVER, ...TIMED],
          maxWorkers: WAITING_WORKERS,
          sequence: { groupOrder: 1 },
          globalSetup: 'tests/support/src/shared-servers.ts',
          testTimeout: 30_000,
          hookTimeout: SERVER_START_MS,
        },
      },
      {
        ...fromSource,
        test: {
          ...PATIENT,
          name: 'system',
          include: WHOLE_SYSTEM,
          exclude: [...NEVER, ...TIMED, ...CROWDS, ...BROKEN_SYSTEM],
          globalSetup: 'tests/support/src/shared-servers.ts',
          maxWorkers: WAITING_WORKERS,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: SERVER_START_MS,
        },
      },
      ...[
        { name: 'timed', include: TIMED, maxWorkers: 2, groupOrder: 2 },
        { name: 'crowds', include: CROWDS, maxWorkers: 2, groupOrder: 3 },
        { name: 'faults', include: BROKEN_SYSTEM, maxWorkers: 1, groupOrder: 4 },
      ].map(({ name, include, maxWorkers, groupOrder }) => ({
        ...fromSource,
        test: {
          ...PATIENT,
          name,
          include,
          exclude: NEVER,
          globalSetup: 'tests/support/src/shared-servers.ts',
          maxWorkers,
          sequence: { groupOrder },
          testTimeout: 60_000,
          hookTimeout: SERVER_START_MS,
        },
      })),
    ],
  },
});

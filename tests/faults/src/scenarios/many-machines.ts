import { setTimeout as sleep } from 'node:timers/promises';
import {
  askRedis,
  installedProgram,
  type RedisSentinels,
  type ReplicatedDatabase,
  startRedisSentinels,
  startReplicatedDatabase,
  waitUntil,
} from '@postline/test-support';
import type { ServiceNode } from '../cluster/service-node.ts';
import type { ReaderHabits } from '../load/reader.ts';
import { countRefusals, noteRefusals } from './refusals.ts';
import { type Run, type RunOptions, withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import { NotPossibleHereError, type ScenarioSettings } from './scenario.ts';

const TARGETS = 10;
const SENDERS = 8;
const REQUESTS_PER_SECOND = 150;
const SQL_SENDERS = 2;
/** HAProxy takes a second and a half to see that a service is not ready. */
const DRAIN_SECONDS = '3';
const DRAIN_SECONDS_SHORT = '2';
/** HAProxy asks a service that was away twice a second; and some load with everybody there. */
const BETWEEN_MS = 1_500;
/** The contract: working again within 5 s of the readiness of the new master, or of the new primary. */
const WORKING_AGAIN_MS = 5_000;
/** Sentinels make a master that comes back a replica within some 10 s. */
const REPLICA_AGAIN_MS = 40_000;

const HABITS: readonly ReaderHabits[] = [{}, { movesAfterMs: [500, 4_000] }, { pausesForMs: [50, 800] }];

/**
 * Two APIs and three relays behind HAProxy, Redis behind sentinels, a primary with a replica behind one address: each service
 * is killed and drained in turn, Redis' master dies and is moved, the primary is demoted and keeps its connections.
 */
export async function manyMachines(settings: ScenarioSettings): Promise<RunResult> {
  if (installedProgram('mariadbd') === undefined) throw new NotPossibleHereError('the replica is a MariaDB');
  const [sentinels, database] = await Promise.all([startRedisSentinels(), startReplicatedDatabase()]);
  try {
    const servers = { ...settings.servers, database: database.server };
    const parts = { apis: 2, relays: 3, servers, redisUrl: sentinels.url };
    return await balanced({ ...settings, ...parts }, DRAIN_SECONDS, (run) => {
      const nodes = [...run.cluster.apis, ...run.cluster.relays];
      return [
        ...nodes.flatMap((node) => [() => killAndStart(run, node), () => drainAndStart(run, node)]),
        () => moveRedis(run, sentinels),
        () => demotePrimary(run, database),
      ];
    });
  } finally {
    await Promise.all([sentinels.stop(), database.stop()]);
  }
}

/** An API and a relay behind HAProxy are ended by SIGTERM and come back: no publisher is refused, no client cut off. */
export function drained(settings: ScenarioSettings): Promise<RunResult> {
  return balanced({ ...settings, apis: 2, relays: 2 }, DRAIN_SECONDS_SHORT, (run) =>
    [run.cluster.apis, run.cluster.relays].map(
      ([node]) =>
        () =>
          drainAndStart(run, node),
    ),
  );
}

/** Lets these happen one after the other under load, in an order that the seed chooses. */
function balanced(
  settings: ScenarioSettings & Omit<RunOptions, 'targets'>,
  drainSeconds: string,
  events: (run: Run) => readonly (() => Promise<void>)[],
): Promise<RunResult> {
  const options = {
    ...settings,
    targets: TARGETS,
    withoutProxies: true,
    isBalanced: true,
    environment: { DRAIN_SECONDS: drainSeconds },
  };
  return withRun(options, async (run) => {
    for (const [index, target] of run.ledger.targets.entries()) {
      run.addReader(target, HABITS[index % HABITS.length]);
      run.addReader(target);
    }
    await run.readersIdentified();
    const load = { senders: SENDERS, requestsPerSecond: REQUESTS_PER_SECOND, batchShare: 0.1 };
    const crowd = run.startCrowd(load);
    const finishSql = run.startSqlSenders(SQL_SENDERS);
    for (const happen of run.random.fork('events').shuffled(events(run))) {
      await sleep(BETWEEN_MS);
      await happen();
    }
    await sleep(BETWEEN_MS);
    await Promise.all([crowd.finish(), finishSql()]);
    await run.healed();
    run.figures['transactions committed'] = run.transactions.committed;
  });
}

async function killAndStart(run: Run, node: ServiceNode): Promise<void> {
  await node.kill();
  run.noteFault(`kill -9 @ ${node.name}`);
  await sleep(BETWEEN_MS);
  node.start();
  await node.ready();
}

/** SIGTERM: nobody may notice, but for the close frames of a relay. */
async function drainAndStart(run: Run, node: ServiceNode | undefined): Promise<void> {
  if (node === undefined) throw new Error('there is no such service');
  const before = countRefusals(run);
  await node.stop();
  run.noteFault(`SIGTERM @ ${node.name}`);
  node.start();
  await node.ready();
  noteRefusals(run, before, `while ${node.name} was drained`);
}

/** The master dies, comes back as a replica, and is asked to be the master again. */
async function moveRedis(run: Run, sentinels: RedisSentinels): Promise<void> {
  const former = await sentinels.master();
  await former.server.kill();
  run.noteFault('sentinel failover');
  const next = await sentinels.masterAfter(former);
  await former.server.startAgain();
  const isReplica = async () => (await askRedis(former.server.port, 'ROLE')).includes('slave');
  await waitUntil('the former master is a replica', isReplica, REPLICA_AGAIN_MS);
  await sentinels.failOver();
  run.noteFault('sentinel failover, asked for');
  await sentinels.masterAfter(next);
  await workAgain(run, 'Redis has moved');
}

async function demotePrimary(run: Run, database: ReplicatedDatabase): Promise<void> {
  await database.failOver();
  run.noteFault('primary demoted, connections kept');
  await workAgain(run, 'the primary was demoted');
  const areLeft = async () => (await database.connectionsToFormer()) === 0;
  await waitUntil('the demoted primary is left', areLeft, WORKING_AGAIN_MS).catch((error: unknown) => {
    run.ledger.findings.add('late', String(error));
  });
}

async function workAgain(run: Run, since: string): Promise<void> {
  const startMs = performance.now();
  for (const node of [...run.cluster.apis, ...run.cluster.relays]) {
    await node.ready(WORKING_AGAIN_MS - (performance.now() - startMs)).catch(() => {
      run.ledger.findings.add('late', `${node.name} is not ready ${WORKING_AGAIN_MS} ms after ${since}`);
    });
  }
  run.figures[`ms until all were ready after ${since}`] = Math.round(performance.now() - startMs);
}

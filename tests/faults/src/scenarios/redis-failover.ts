import { setTimeout as sleep } from 'node:timers/promises';
import { startRedisCluster, startRedisSentinels } from '@postline/test-support';
import { type Run, withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS = 10;
const SENDERS = 8;
const REQUESTS_PER_SECOND = 200;
const BEFORE_MS = 2_000;
/** The contract: everything works again within 5 s after the new master or the surviving nodes are ready. */
const WORKING_AGAIN_MS = 5_000;
/** A period in which hints must arrive again. */
const AFTERWARDS_MS = 2_000;
/** Hints take milliseconds. Messages without a hint wait for the next comparison of heads. */
const BY_HINTS_MS_MAX = 500;
const P99 = 0.99;

/** The master is killed under load, and sentinels promote its replica. */
export async function sentinelFailover(settings: ScenarioSettings): Promise<RunResult> {
  const sentinels = await startRedisSentinels();
  try {
    return await withRun({ ...settings, targets: TARGETS, redisUrl: sentinels.url }, (run) =>
      underLoad(run, async () => {
        const former = await sentinels.master();
        await former.server.kill();
        run.noteFault('sentinel failover');
        await sentinels.masterAfter(former);
      }),
    );
  } finally {
    await sentinels.stop();
  }
}

/** A cluster node is killed under load and stays away. */
export async function clusterNodeDies(settings: ScenarioSettings): Promise<RunResult> {
  const redisCluster = await startRedisCluster();
  try {
    return await withRun({ ...settings, targets: TARGETS, redisUrl: redisCluster.url }, (run) =>
      underLoad(run, async () => {
        await run.random.pick(redisCluster.nodes).kill();
        run.noteFault('cluster node dies');
      }),
    );
  } finally {
    await redisCluster.stop();
  }
}

async function underLoad(run: Run, strike: () => Promise<void>): Promise<void> {
  for (const target of run.ledger.targets) run.addReader(target);
  await run.readersIdentified();
  const crowd = run.startCrowd({ senders: SENDERS, requestsPerSecond: REQUESTS_PER_SECOND });
  await sleep(BEFORE_MS);
  await strike();
  await sleep(WORKING_AGAIN_MS);
  run.ledger.deliveries.clear();
  await sleep(AFTERWARDS_MS);
  const p99 = run.ledger.deliveries.quantile(P99);
  run.figures['p99 of delivery afterwards, ms'] = p99;
  run.require(p99 < BY_HINTS_MS_MAX, `hints travel again (p99 ${p99} ms)`);
  await crowd.finish();
  await run.healed();
}

import { setTimeout as sleep } from 'node:timers/promises';
import { startRedisCluster, startRedisSentinels } from '@postline/test-support';
import { type Run, withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS = 10;
const SENDERS = 8;
const REQUESTS_PER_SECOND = 200;
const BEFORE_MS = 2_000;
/** The contract: working again within 5 s of the readiness of the new master, or of the surviving nodes. */
const WORKING_AGAIN_MS = 5_000;
/** A while in which hints travel again. */
const AFTERWARDS_MS = 2_000;
/** Hints take milliseconds; what comes from the database waits for a comparison of heads. */
const BY_HINTS_MS_MAX = 500;
const P99 = 0.99;

/** The master is killed under load, and sentinels make its replica the new one. */
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

/** A node of a cluster is killed under load, and stays away. */
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

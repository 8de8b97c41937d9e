import { setTimeout as sleep } from 'node:timers/promises';
import { withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS = 10;
const SENDERS = 8;
const REQUESTS_PER_SECOND = 200;
/** The default of COMPARE_INTERVAL_WITHOUT_BUS_MS. */
const COMPARE_INTERVAL_MS = 1_000;
const P99 = 0.99;
/** How long a relay may need to notice that Redis is gone. */
const NOTICED_MS = 1_500;

export interface RedisAwaySettings extends ScenarioSettings {
  readonly awaySeconds: number;
}

/** Redis is killed under load and stays away. Everything must still be delivered, from the database. */
export function redisAway(settings: RedisAwaySettings): Promise<RunResult> {
  return withRun({ ...settings, targets: TARGETS }, async (run) => {
    for (const target of run.ledger.targets) run.addReader(target);
    await run.readersIdentified();
    const crowd = run.startCrowd({ senders: SENDERS, requestsPerSecond: REQUESTS_PER_SECOND });
    await sleep(2_000);
    await run.cluster.servers.redis.kill();
    run.noteFault('kill -9 @ Redis');
    await sleep(NOTICED_MS);
    run.ledger.deliveries.clear();
    await sleep(settings.awaySeconds * 1_000);
    const p99 = run.ledger.deliveries.quantile(P99);
    run.figures['seconds without Redis'] = settings.awaySeconds;
    run.figures['deliveries meanwhile'] = run.ledger.deliveries.total;
    run.figures['p99 of delivery meanwhile, ms'] = p99;
    run.require(p99 < 2 * COMPARE_INTERVAL_MS, `p99 below twice the comparison interval (${p99} ms)`);
    await run.cluster.servers.redis.startAgain();
    await sleep(2_000);
    await crowd.finish();
    await run.healed();
  });
}

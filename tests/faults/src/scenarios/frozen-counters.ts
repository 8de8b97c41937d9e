import { setTimeout as sleep } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import type { ServiceNode } from '../cluster/service-node.ts';
import { withConnection } from './audit-database.ts';
import { longestSendMs } from './longest-send.ts';
import { type Run, withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS = 4;
/** Slows down the transactions of the API to freeze, so that it can be caught in the middle of one. */
const DELAY_MS = 60;
const CATCHES_MAX = 200;
/** The server releases a silent writer's locks after 10 s, and the other API answers within 5 s. */
const HELD_MS_MAX = 16_000;
/** For targets that nobody holds. There is no promised time for a POST in normal operation; this is generous. */
const FREE_TARGET_MS_MAX = 3_000;

/**
 * An API is frozen in the middle of a transaction that holds the counters of targets. The other API must continue at
 * once with all other targets, and with these as soon as the database has released the counters. What the frozen API
 * does after it thaws must not be stored twice, or at an offset that is taken.
 */
export function frozenCounters(settings: ScenarioSettings): Promise<RunResult> {
  return withRun({ ...settings, targets: TARGETS }, async (run) => {
    const [doomed, other] = run.cluster.apis;
    const [held, ...free] = run.ledger.targets;
    if (doomed === undefined || other === undefined || held === undefined) throw new Error('too few parts');
    for (const target of run.ledger.targets) run.addReader(target);
    await run.readersIdentified();
    await Promise.all(run.ledger.targets.map((target) => run.createSender().sendTo(target)));

    run.cluster.links['API-MySQL'][0]?.delay(DELAY_MS);
    const doomedCrowd = run.startCrowd({
      senders: 6,
      targets: [held],
      apiUrls: [run.cluster.apiUrls[0] ?? ''],
    });
    await freezeInTransaction(run, doomed);
    run.noteFault('SIGSTOP @ API');
    const frozenAt = performance.now();

    const onOther = { apiUrls: [run.cluster.apiUrls[1] ?? ''] };
    const freeMs = await longestSendMs(run, free, onOther);
    run.figures['ms for a free target'] = freeMs;
    run.require(freeMs < FREE_TARGET_MS_MAX, `a free target takes less than ${FREE_TARGET_MS_MAX} ms`);
    await run.createSender(onOther).sendTo(held);
    const heldMs = Math.round(performance.now() - frozenAt);
    run.figures['ms until the held target works'] = heldMs;
    run.require(heldMs < HELD_MS_MAX, `the held target works within ${HELD_MS_MAX} ms`);
    const otherCrowd = run.startCrowd({ senders: 2, targets: [held], ...onOther });
    doomed.thaw();
    await sleep(1_000);
    await Promise.all([doomedCrowd.finish(), otherCrowd.finish()]);
    await run.healed();
  });
}

/**
 * Stops the API during an open transaction with locked rows. Tries again if it was stopped between two transactions.
 */
async function freezeInTransaction(run: Run, api: ServiceNode): Promise<void> {
  await withConnection(run.cluster.database.url, async (connection) => {
    for (let tries = 1; tries <= CATCHES_MAX; tries += 1) {
      await sleep(run.random.integer(20, 120));
      api.freeze();
      await sleep(DELAY_MS * 2); // waits for packets on the way
      const [rows] = await connection.query<RowDataPacket[]>(
        `SELECT COUNT(*) AS held FROM information_schema.innodb_trx WHERE trx_rows_modified > 0`,
      );
      if (Number(rows[0]?.['held']) > 0) {
        run.figures['tries to catch it'] = tries;
        return;
      }
      api.thaw();
    }
    throw new Error('the API was never caught in a transaction');
  });
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { SqlSender } from '../load/sql-sender.ts';
import { longestSendMs } from './longest-send.ts';
import { type Run, withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS = 6;
const SENDERS = 6;
const REQUESTS_PER_SECOND = 60;
const SQL_SENDERS = 2;
/**
 * The pause between two rounds of calls in the open transaction. Each round takes further locks, in a different order.
 */
const CALLS_EVERY_MS = 500;
const PROBE_PAUSE_MS = 50;
/** A request that waited for one of its locks would take until the transaction ends, or 4 s, the store's deadline. */
const ANSWER_MS_MAX = 2_000;
/** The contract for messages published by SQL. */
const DELIVERED_MS_MAX = 2_000;

export interface OpenTransactionSettings extends ScenarioSettings {
  readonly openSeconds: number;
}

/**
 * An application keeps its transaction open and calls `publish_message` in it again and again, while others publish to
 * the same targets by HTTP and by SQL. Nobody waits for it, and it waits for nobody and loses no deadlock. Its messages
 * arrive after it commits.
 */
export function openTransaction(settings: OpenTransactionSettings): Promise<RunResult> {
  return withRun({ ...settings, targets: TARGETS }, async (run) => {
    for (const target of run.ledger.targets) run.addReader(target);
    await run.readersIdentified();
    const crowd = run.startCrowd({
      senders: SENDERS,
      requestsPerSecond: REQUESTS_PER_SECOND,
      batchShare: 0.2,
      batchMessagesMax: TARGETS,
    });
    const finishSql = run.startSqlSenders(SQL_SENDERS);
    const application = run.createSqlSender('the open transaction');
    await application.begin();
    const [calls, slowestMs] = await Promise.all([
      keepOpen(run, application, settings.openSeconds),
      slowestAnswerMs(run, settings.openSeconds),
    ]);
    await Promise.all([crowd.finish(), finishSql()]);
    await run.settle(); // everything that is not in the open transaction
    await application.commit();
    const deliveredMs = await run.settle();
    application.disconnect();

    run.figures['seconds open'] = settings.openSeconds;
    run.figures['calls in the open transaction'] = calls;
    run.figures['transactions committed beside it'] = run.transactions.committed - 1;
    run.figures['ms of the slowest answer meanwhile'] = slowestMs;
    run.figures['ms until all of it was delivered'] = deliveredMs;
    run.require(slowestMs < ANSWER_MS_MAX, `nobody waits for it: ${slowestMs} ms`);
    run.require(run.sends.errored === 0, `nobody is refused for it (${run.sends.errored} were)`);
    run.require(deliveredMs < DELIVERED_MS_MAX, `delivered within ${DELIVERED_MS_MAX} ms (${deliveredMs})`);
  });
}

/** Calls for every target again and again. Rejects if a call of the application's transaction fails. */
async function keepOpen(run: Run, application: SqlSender, seconds: number): Promise<number> {
  const random = run.random.fork('orders');
  let calls = 0;
  for (const end = performance.now() + seconds * 1_000; performance.now() < end; ) {
    for (const target of random.shuffled(run.ledger.targets)) {
      await application.call(target);
      calls += 1;
    }
    await sleep(CALLS_EVERY_MS);
  }
  return calls;
}

async function slowestAnswerMs(run: Run, seconds: number): Promise<number> {
  let slowest = 0;
  for (const end = performance.now() + seconds * 1_000; performance.now() < end; ) {
    slowest = Math.max(slowest, await longestSendMs(run, run.ledger.targets));
    await sleep(PROBE_PAUSE_MS);
  }
  return slowest;
}

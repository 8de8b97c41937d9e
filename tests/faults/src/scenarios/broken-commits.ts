import { setTimeout as sleep } from 'node:timers/promises';
import { withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS = 4;
const SENDERS = 24;
const CUTS = 14;
/** Long enough that most cuts hit a transaction between two of its statements. */
const DELAY_MS = 6;

/** Each transaction has about five answers, the last of which tells of its commit. */
const LOST_ANSWERS_SHARE = 0.1;
const LOSING_MS = 2_500;

/** The lines between the APIs and the database are reset again and again, in the middle of transactions. */
export function brokenCommits(settings: ScenarioSettings): Promise<RunResult> {
  return withRun({ ...settings, targets: TARGETS }, async (run) => {
    for (const target of run.ledger.targets) run.addReader(target);
    await run.readersIdentified();
    const lines = run.cluster.links['API-MySQL'];
    for (const line of lines) line.delay(DELAY_MS);
    const crowd = run.startCrowd({ senders: SENDERS, keylessShare: 0.2 });
    for (let cut = 1; cut <= CUTS; cut += 1) {
      await sleep(run.random.integer(100, 400));
      run.random.pick(lines).reset();
      run.noteFault('reset @ API-MySQL');
    }
    for (const line of lines) line.loseAnswers(LOST_ANSWERS_SHARE);
    run.noteFault('losing answers @ API-MySQL');
    await sleep(LOSING_MS);
    await run.healed();
    await crowd.finish();
  });
}

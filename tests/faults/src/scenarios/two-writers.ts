import { setTimeout as sleep } from 'node:timers/promises';
import { withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS = 4;
const LOAD_MS = 4_000;
const SENDERS = 32;
/** The second API's transactions take longer, so they commit after transactions that began later. */
const COMMIT_DELAY_MS = 5;
/** Its hints are delayed even more: they arrive after hints of messages that were committed later. */
const HINT_DELAY_MS = 15;

/** Two APIs write to the same targets at the same time. One of them has slower links. */
export function twoWriters(settings: ScenarioSettings): Promise<RunResult> {
  return withRun({ ...settings, targets: TARGETS }, async (run) => {
    for (const target of run.ledger.targets) {
      run.addReader(target);
      run.addReader(target);
    }
    await run.readersIdentified();
    run.cluster.links['API-MySQL'][1]?.delay(COMMIT_DELAY_MS);
    run.cluster.links['API-Redis'][1]?.delay(HINT_DELAY_MS);
    run.noteFault('delayed @ API-MySQL');
    run.noteFault('delayed @ API-Redis');
    const crowd = run.startCrowd({ senders: SENDERS });
    await sleep(LOAD_MS);
    await crowd.finish();
    await run.healed();
  });
}

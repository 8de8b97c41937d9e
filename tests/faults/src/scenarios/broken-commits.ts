import { setTimeout as sleep } from 'node:timers/promises';
import { breakCommits } from './break-commits.ts';
import { withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS = 4;
const SENDERS = 24;
const PHASE_MS = 2_500;

const PHASES = [
  { fate: 'reset-unheard', name: 'breaking before COMMIT @ API-MySQL' },
  { fate: 'reset-unanswered', name: 'breaking after COMMIT @ API-MySQL' },
] as const;

/** The links between the APIs and the database break at the worst moment: during the COMMIT or its answer. */
export function brokenCommits(settings: ScenarioSettings): Promise<RunResult> {
  return withRun({ ...settings, targets: TARGETS }, async (run) => {
    for (const target of run.ledger.targets) run.addReader(target);
    await run.readersIdentified();
    const random = run.random.fork('commits');
    const crowd = run.startCrowd({ senders: SENDERS, keylessShare: 0.3 });
    for (const phase of PHASES) {
      breakCommits(run, random, phase);
      await sleep(PHASE_MS);
    }
    run.cluster.healLinks();
    await crowd.finish();
    await run.healed();
  });
}

import { setTimeout as sleep } from 'node:timers/promises';
import { isCommit } from '@postline/test-support';
import { withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS = 4;
const SENDERS = 24;
/** The share of commits that break during a phase. */
const BROKEN_SHARE = 0.3;
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
    for (const { fate, name } of PHASES) {
      const isBroken = (piece: Buffer) => {
        if (!isCommit(piece) || !random.chance(BROKEN_SHARE)) return false;
        run.noteFault(name);
        return true;
      };
      for (const line of run.cluster.links['API-MySQL']) line.breakAt(isBroken, fate);
      await sleep(PHASE_MS);
    }
    run.cluster.healLinks();
    await crowd.finish();
    await run.healed();
  });
}

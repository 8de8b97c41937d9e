import { breakCommits } from './break-commits.ts';
import { withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS = 4;
/** Of each API, one after the other: each is alone in its transaction. */
const SENDS = 60;

const PHASES = [
  { fate: 'reset-unheard', name: 'breaking before the COMMIT of a message alone @ API-MySQL' },
  { fate: 'reset-unanswered', name: 'breaking after the COMMIT of a message alone @ API-MySQL' },
] as const;

/**
 * The links between the APIs and the database break while a message is stored that is alone in its transaction. It has
 * no idempotency key, so nobody sends it again: what its publisher is told must be true.
 */
export function brokenLoneCommits(settings: ScenarioSettings): Promise<RunResult> {
  return withRun({ ...settings, targets: TARGETS }, async (run) => {
    for (const target of run.ledger.targets) run.addReader(target);
    await run.readersIdentified();
    const random = run.random.fork('commits');
    const sendAll = async (apiUrl: string) => {
      const sender = run.createSender({ apiUrls: [apiUrl], keylessShare: 1, batchShare: 0 });
      for (let sent = 0; sent < SENDS; sent += 1) await sender.sendTo(random.pick(run.ledger.targets), false);
    };
    for (const phase of PHASES) {
      const erroredBefore = run.sends.errored;
      const broken = breakCommits(run, random, phase);
      await Promise.all(run.cluster.apiUrls.map(sendAll));
      const errored = run.sends.errored - erroredBefore;
      const expected = phase.fate === 'reset-unheard' ? broken() : 0;
      run.require(
        errored <= expected,
        `${phase.name}: ${expected} of ${broken()} are not acknowledged (${errored})`,
      );
    }
    run.cluster.healLinks();
    await run.healed();
  });
}

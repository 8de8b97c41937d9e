import { withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS = 4;
const MESSAGES = 10;
/** The contract: a message whose hint was lost arrives within 5 s of its commit. */
const DELIVERED_MS_MAX = 5_000;

/** The APIs can't reach Redis, but the relays can: messages are stored, and no hint announces them. */
export function lostHints(settings: ScenarioSettings): Promise<RunResult> {
  return withRun({ ...settings, targets: TARGETS, settleMs: DELIVERED_MS_MAX }, async (run) => {
    for (const target of run.ledger.targets) run.addReader(target);
    await run.readersIdentified();
    for (const line of run.cluster.links['API-Redis']) line.cut();
    run.noteFault('cut @ API-Redis');
    const sender = run.createSender();
    for (let round = 0; round < MESSAGES; round += 1) {
      await Promise.all(run.ledger.targets.map((target) => sender.sendTo(target)));
    }
    run.figures['ms until the last was delivered'] = await run.settle();
    await run.healed();
  });
}

import { withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS = 50;
const SENDERS = 6;
const BATCH_MESSAGES = 200;
const SETTLE_MS = 120_000;
const PROGRESS_EVERY = 100_000;

export interface CleanSettings extends ScenarioSettings {
  readonly messages: number;
}

/** No fault: this many messages are acknowledged, and each reader receives each of its messages once, in order. */
export function clean(settings: CleanSettings): Promise<RunResult> {
  const { messages, print } = settings;
  return withRun({ ...settings, targets: TARGETS, settleMs: SETTLE_MS }, async (run) => {
    for (const target of run.ledger.targets) run.addReader(target, { movesAfterMs: [2_000, 20_000] });
    await run.readersIdentified();
    let nextReport = PROGRESS_EVERY;
    const send = async (index: number) => {
      const sender = run.createSender({ random: run.random.fork(`sender ${index}`) });
      while (run.ledger.issuedCount < messages) {
        await sender.sendBatch(
          Array.from({ length: BATCH_MESSAGES }, () => run.random.pick(run.ledger.targets)),
        );
        if (run.ledger.ackedCount < nextReport) continue;
        print(`${run.ledger.ackedCount} acknowledged, ${run.ledger.receivedCount} delivered`);
        nextReport += PROGRESS_EVERY;
      }
    };
    await Promise.all(Array.from({ length: SENDERS }, (_, index) => send(index)));
  });
}

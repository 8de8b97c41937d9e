import { waitUntil } from '@postline/test-support';
import { withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS = 8;
const ROUNDS = 3;
const MESSAGES_WHILE_AWAY = 40;
const BACK_MS = 10_000;

/** All readers are away, miss equally much, and reconnect at the same moment, to any relay. */
export function comingBack(settings: ScenarioSettings): Promise<RunResult> {
  return withRun({ ...settings, targets: TARGETS }, async (run) => {
    for (const target of run.ledger.targets) run.addReader(target);
    await run.readersIdentified();
    const sender = run.createSender();
    for (let round = 1; round <= ROUNDS; round += 1) {
      await run.settle();
      for (const reader of run.readers) reader.disconnect();
      run.noteFault('away @ all clients');
      for (const target of run.ledger.targets) {
        await sender.sendBatch(Array.from({ length: MESSAGES_WHILE_AWAY }, () => target));
      }
      for (const reader of run.readers) reader.reconnect();
      const areBack = () => run.readers.every(({ identifiedCount }) => identifiedCount > round);
      await waitUntil('everybody is back', areBack, BACK_MS);
    }
  });
}

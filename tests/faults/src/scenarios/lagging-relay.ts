import { waitUntil } from '@postline/test-support';
import { withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const ROUNDS = 3;
const MESSAGES = 20;
const MOVED_MS = 10_000;

/**
 * One relay receives nothing from Redis for a while and does not know it yet. A reader that received everything from
 * the other relay moves to it. The reader's cursor is beyond everything that this relay has heard of, but it is valid.
 */
export function laggingRelay(settings: ScenarioSettings): Promise<RunResult> {
  return withRun({ ...settings, targets: 1 }, async (run) => {
    const [target] = run.ledger.targets;
    const [goodUrl = '', laggingUrl = ''] = run.cluster.relayUrls;
    const line = run.cluster.links['relay-Redis'][1];
    if (target === undefined || line === undefined) throw new Error('too few parts');
    run.addReader(target, {}, [laggingUrl]); // keeps the target's feed open there
    const mover = run.addReader(target, {}, [goodUrl]);
    await run.readersIdentified();
    const sender = run.createSender();
    const moveTo = async (url: string) => {
      const before = mover.identifiedCount;
      mover.relayUrls = [url];
      mover.leave(0);
      await waitUntil('the reader has moved', () => mover.identifiedCount > before, MOVED_MS);
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      line.freeze('down');
      run.noteFault('frozen towards the client @ relay-Redis');
      for (let sent = 0; sent < MESSAGES; sent += 1) await sender.sendTo(target);
      const hasAll = () => mover.ledger.position >= target.highestAcked;
      await waitUntil('the reader on the good relay has everything', hasAll, MOVED_MS);
      await moveTo(laggingUrl);
      line.heal();
      await run.settle();
      await moveTo(goodUrl);
    }
  });
}

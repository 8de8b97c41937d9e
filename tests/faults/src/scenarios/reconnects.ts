import { waitUntil } from '@postline/test-support';
import { withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const SENDERS = 8;
/** Each request has up to 8 messages, so this is about 500 messages per second. */
const REQUESTS_PER_SECOND = 91;
const BATCH_MESSAGES_MAX = 9;
const STAYS_MS = [20, 120] as const;
const BACK_MS = 15_000;

export interface ReconnectsSettings extends ScenarioSettings {
  readonly reconnects: number;
}

/** One client that receives 500 messages per second is disconnected again and again, and reconnects to any relay. */
export function reconnects(settings: ReconnectsSettings): Promise<RunResult> {
  return withRun({ ...settings, targets: 1 }, async (run) => {
    const [target] = run.ledger.targets;
    if (target === undefined) throw new Error('there is no target');
    const reader = run.addReader(target);
    await run.readersIdentified();
    const crowd = run.startCrowd({
      senders: SENDERS,
      requestsPerSecond: REQUESTS_PER_SECOND,
      batchShare: 1,
      batchMessagesMax: BATCH_MESSAGES_MAX,
    });
    const start = performance.now();
    for (let forced = 0; forced < settings.reconnects; forced += 1) {
      const before = reader.identifiedCount;
      if (run.random.chance(0.5)) for (const line of run.cluster.links['client-relay']) line.reset();
      else reader.leave(0, run.random.chance(0.5));
      await waitUntil('the reader is back', () => reader.identifiedCount > before, BACK_MS);
      await new Promise((resolve) => setTimeout(resolve, run.random.integer(...STAYS_MS)));
    }
    await crowd.finish();
    for (let forced = 0; forced < settings.reconnects; forced += 1)
      run.noteFault('thrown off @ client-relay');
    run.figures['forced reconnects'] = settings.reconnects;
    run.figures['messages acknowledged per second'] = Math.round(
      (run.ledger.ackedCount * 1_000) / (performance.now() - start),
    );
  });
}

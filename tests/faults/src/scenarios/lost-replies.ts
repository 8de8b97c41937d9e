import { setTimeout as sleep } from 'node:timers/promises';
import { withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS = 8;
const SENDERS = 32;
/** The share of the API's answers that are lost, together with their connection. */
const LOST_SHARE = 0.5;
/** Short, because many sends must be retried here and no service is away. */
const RETRY_PAUSE_MS = 50;
const CHECK_EVERY_MS = 20;

export interface LostRepliesSettings extends ScenarioSettings {
  /** How many sends must be retried after their answer was lost. */
  readonly retriedSends: number;
}

/** The API stores and answers, but the answer never arrives. The publisher sends again, to any API. */
export function lostReplies(settings: LostRepliesSettings): Promise<RunResult> {
  const { retriedSends } = settings;
  return withRun({ ...settings, targets: TARGETS }, async (run) => {
    for (const target of run.ledger.targets) run.addReader(target);
    await run.readersIdentified();
    for (const [index, line] of run.cluster.links['sender-API'].entries()) {
      const random = run.random.fork(`line ${index}`);
      line.loseAnswers(LOST_SHARE, () => random.next());
    }
    run.noteFault('losing answers @ sender-API');
    const crowd = run.startCrowd({ senders: SENDERS, retryPauseMs: RETRY_PAUSE_MS });
    while (run.sends.ackedAfterRetry < retriedSends) await sleep(CHECK_EVERY_MS);
    await crowd.finish();
    await run.healed();
    run.require(run.sends.replayed > 0, 'some retry is told that it was stored before');
  });
}

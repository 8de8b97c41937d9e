import { setTimeout as sleep } from 'node:timers/promises';
import { withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS = 8;
const SENDERS = 32;
/** Of the API's answers so many are thrown away, connection and all. */
const LOST_SHARE = 0.5;
/** Much is to be retried here, and nothing is away. */
const RETRY_PAUSE_MS = 50;
const CHECK_EVERY_MS = 20;

export interface LostRepliesSettings extends ScenarioSettings {
  /** So many sends must have been retried after their answer was lost. */
  readonly retriedSends: number;
}

/** The API stores and answers, the answer never arrives, and the publisher sends again, by any API. */
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

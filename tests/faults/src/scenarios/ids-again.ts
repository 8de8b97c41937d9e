import { setTimeout as sleep } from 'node:timers/promises';
import { isCommit, waitUntil } from '@postline/test-support';
import { withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const BEFORE = 5;
/** The look-up of the lost append gives up after 4 s. */
const RESTARTED_MS = 3_500;

/**
 * The database crashes before an append's COMMIT reaches it. It then gives the ids and offsets of that append to the
 * next one, by another API, before the first API can look up whether its rows were stored.
 */
export function idsAgain(settings: ScenarioSettings): Promise<RunResult> {
  return withRun({ ...settings, targets: 1 }, async (run) => {
    const { cluster, ledger } = run;
    const [target] = ledger.targets;
    const [line] = cluster.links['API-MySQL'];
    const [urlA = '', urlB = ''] = cluster.apiUrls;
    if (target === undefined || line === undefined) throw new RangeError('there is no target or no line');
    run.addReader(target);
    await run.readersIdentified();
    const senderA = run.createSender({ apiUrls: [urlA] });
    const senderB = run.createSender({ apiUrls: [urlB] });
    for (let sent = 0; sent < BEFORE; sent += 1) {
      await senderA.sendTo(target);
      await senderB.sendTo(target);
    }

    let isHeld = false;
    const holdCommit = (piece: Buffer) => {
      if (isHeld || !isCommit(piece)) return false;
      isHeld = true;
      line.freeze('up');
      return false;
    };
    line.breakAt(holdCommit, 'reset-unheard');
    const lost = senderA.sendTo(target, false);
    await waitUntil('the COMMIT is on its way', () => isHeld);
    run.noteFault('killed before a COMMIT @ MySQL');
    const { database } = cluster.servers;
    await database.kill();
    await database.startAgain();
    const again = senderB.sendTo(target);
    await Promise.race([again, sleep(RESTARTED_MS)]);
    line.heal();
    await Promise.all([lost, again]);
    await run.healed();
  });
}

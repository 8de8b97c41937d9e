import { waitUntil } from '@postline/test-support';
import type { RowDataPacket } from 'mysql2/promise';
import type { TargetLedger } from '../ledger/target-ledger.ts';
import { readHeads, withConnection } from './audit-database.ts';
import { type Run, withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS = 4;
const BEFORE = 12;
const TAKEN_BACK = 5;
/** More than were taken back, in one commit: no comparison of numbers can see that anything happened. */
const AT_ONCE = 7;
const AFTER_EPOCH = 3;
const LOG_RESTARTED = 4003;
/** A hint that nothing explains is looked into within a second; a busy machine may need its next comparison. */
const NOTICED_MS = 15_000;

/**
 * The last commits are taken back under running services, as by a failover to a replica that lacked them, and others
 * stand in their place in the same moment. No command begins an epoch. Connected readers, those who were away and
 * applications on the client library must get whatever the database then holds.
 */
export function lostTail(settings: ScenarioSettings): Promise<RunResult> {
  return withRun({ ...settings, targets: TARGETS }, async (run) => {
    const { ledger, cluster } = run;
    for (const target of ledger.targets) run.addReader(target);
    for (const target of ledger.targets) run.addSdkReader(target, cluster.relayUrls[0] ?? '');
    const away = ledger.targets.map((target) => run.addReader(target));
    await run.readersIdentified();
    await waitUntil('every application is connected', () => run.sdkReaders.every((one) => one.isIdentified));
    await sendToEach(run, BEFORE);
    await run.settle();
    for (const reader of away) reader.disconnect();
    const epochBefore = ledger.history.epoch;

    await replaceTail(run);
    run.noteFault('last commits lost @ MySQL');
    const [early, late] = [
      away.filter((_, index) => index % 2 === 0),
      away.filter((_, index) => index % 2 === 1),
    ];
    for (const reader of early) reader.reconnect(); // before anything was noticed, perhaps
    await waitUntil('an epoch begins by itself', () => !ledger.history.isBeingRestored, NOTICED_MS).catch(
      () => undefined,
    );
    for (const reader of late) reader.reconnect();
    await sendToEach(run, AFTER_EPOCH);
    await run.settle();

    const all = [...run.readers, ...run.sdkReaders];
    const unTold = all.filter(({ ledger: { restartCount } }) => restartCount === 0);
    run.require(unTold.length === 0, `every reader is told recovered: false (${unTold.length} were not)`);
    const closes = run.readers.reduce((sum, one) => sum + (one.closesByCode.get(LOG_RESTARTED) ?? 0), 0);
    run.figures['connections closed with 4003'] = closes;
    run.require(closes >= TARGETS, `every connected reader is closed with 4003 (${closes} of ${TARGETS})`);
    run.require(ledger.history.epoch !== epochBefore, 'readers are told of another epoch');
  });
}

async function sendToEach(run: Run, count: number): Promise<void> {
  const sender = run.createSender();
  for (let round = 0; round < count; round += 1) {
    await Promise.all(run.ledger.targets.map((target) => sender.sendTo(target)));
  }
}

/**
 * Takes the last rows of each target back while a publisher waits for their counters: what it sends is stored in the
 * moment in which they are gone.
 */
async function replaceTail(run: Run): Promise<void> {
  const { ledger, cluster } = run;
  const { url } = cluster.database;
  const heads = await readHeads(url);
  const kept = new Map(
    ledger.targets.map(({ targetId }) => [targetId, (heads.get(targetId) ?? 0) - TAKEN_BACK]),
  );
  await withConnection(url, async (connection) => {
    await connection.query('START TRANSACTION');
    for (const [targetId, head] of kept) {
      await connection.query('UPDATE targets SET head = ? WHERE target_id = ?', [head, targetId]);
      await connection.query('DELETE FROM messages WHERE target_id = ? AND `offset` > ?', [targetId, head]);
    }
    ledger.beginRestore();
    ledger.restored(kept);
    ledger.expectEpoch();
    const sent = run.createSender().sendBatch(ledger.targets.flatMap((target) => times(AT_ONCE, target)));
    await waitUntil('the publisher waits for a counter', () => isAnybodyWaiting(url));
    await connection.query('COMMIT');
    await sent;
  });
  run.figures['taken back'] = ledger.targets.reduce((sum, { takenBackCount }) => sum + takenBackCount, 0);
}

function times(count: number, target: TargetLedger): TargetLedger[] {
  return Array.from({ length: count }, () => target);
}

function isAnybodyWaiting(databaseUrl: string): Promise<boolean> {
  return withConnection(databaseUrl, async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>(
      "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'",
    );
    return Number(rows[0]?.['Value']) > 0;
  });
}

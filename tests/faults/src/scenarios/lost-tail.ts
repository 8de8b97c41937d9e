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
/** More messages than were lost, in one commit: a comparison of heads can't notice that anything happened. */
const AT_ONCE = 7;
const AFTER_EPOCH = 3;
const LOG_RESTARTED = 4003;
/**
 * A hint that the relay can't explain is checked within a second. On a busy machine it may take until the next
 * comparison.
 */
const NOTICED_MS = 15_000;

/**
 * The last commits are lost under running services, as in a failover to a replica that lacked them, and other messages
 * take their places at the same moment. No command begins an epoch. Connected readers, readers that were away, and
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
    for (const reader of early) reader.reconnect(); // perhaps before any service noticed
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
 * Deletes the last rows of each target while a publisher waits for their counters. Its messages are stored at the
 * moment when the rows are gone.
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

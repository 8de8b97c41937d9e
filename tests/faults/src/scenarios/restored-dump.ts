import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram, makeTempFolder, waitUntil } from '@postline/test-support';
import type { RowDataPacket } from 'mysql2/promise';
import { readHeads, withConnection } from './audit-database.ts';
import { type Run, withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS = 6;
const BEFORE_DUMP = 20;
/** Enough that every reader's cursor is far beyond the restored head, where it would hide what comes next. */
const AFTER_DUMP = 15;
const AFTER_RESTORE = 10;
const RESTART_TOLD_MS = 10_000;

const execute = promisify(execFile);

/**
 * A dump of this morning is put back while both services run and clients are connected; publishers wait until the
 * operator has begun the new epoch. Connected readers and one that was away all along must get whatever the database
 * then holds, whatever they had seen before under the same numbers.
 */
export function restoredDump(settings: ScenarioSettings): Promise<RunResult> {
  return withRun({ ...settings, targets: TARGETS }, async (run) => {
    for (const target of run.ledger.targets) run.addReader(target);
    const away = run.ledger.targets.map((target) => run.addReader(target));
    await run.readersIdentified();

    await sendToEach(run, BEFORE_DUMP);
    const dump = await takeDump(run);
    await sendToEach(run, AFTER_DUMP);
    await run.settle();
    for (const reader of away) reader.disconnect();

    run.ledger.beginRestore();
    await loadDump(run, dump);
    run.noteFault('older dump @ MySQL');
    const epoch = await beginNewEpoch(run.cluster.database.url);
    run.ledger.restored(epoch, await readHeads(run.cluster.database.url));
    run.figures['taken back by the restore'] = run.ledger.targets.reduce(
      (sum, { rolledBackCount }) => sum + rolledBackCount,
      0,
    );

    await sendToEach(run, AFTER_RESTORE);
    for (const reader of away) reader.reconnect();
    await waitUntil(
      'every reader was told of the new epoch',
      () => run.readers.every(({ ledger }) => ledger.cursor?.epoch === epoch),
      RESTART_TOLD_MS,
    );
    const closes = run.readers.reduce((sum, { closesByCode }) => sum + (closesByCode.get(4003) ?? 0), 0);
    run.figures['connections closed with 4003'] = closes;
    run.require(closes >= TARGETS, `every connected reader is closed with 4003 (${closes} of ${TARGETS})`);
    const unTold = run.readers.filter(({ ledger }) => ledger.restartCount === 0);
    run.require(unTold.length === 0, `every reader is told recovered: false (${unTold.length} were not)`);
  });
}

async function sendToEach(run: Run, count: number): Promise<void> {
  const sender = run.createSender();
  for (let round = 0; round < count; round += 1) {
    await Promise.all(run.ledger.targets.map((target) => sender.sendTo(target)));
  }
}

function clientArguments(databaseUrl: string): string[] {
  const { hostname, port } = new URL(databaseUrl);
  return ['--no-defaults', '--protocol=TCP', `--host=${hostname}`, `--port=${port}`, '--user=root'];
}

async function takeDump({ cluster }: Run): Promise<string> {
  const program = findProgram('mariadb-dump', 'mysqldump');
  const words = [...clientArguments(cluster.database.url), '--single-transaction', cluster.database.name];
  const { stdout } = await execute(program, words, { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

async function loadDump({ cluster }: Run, dump: string): Promise<void> {
  const folder = await makeTempFolder('dump');
  const path = join(folder.path, 'dump.sql');
  await writeFile(path, dump);
  const words = [...clientArguments(cluster.database.url), `--execute=source ${path}`, cluster.database.name];
  await execute(findProgram('mariadb', 'mysql'), words);
  await folder.remove();
}

/** What is documented for after a restore: every log starts a new epoch at its head. */
async function beginNewEpoch(databaseUrl: string): Promise<string> {
  return withConnection(databaseUrl, async (connection) => {
    await connection.beginTransaction();
    await connection.query('UPDATE targets SET epoch_start = head');
    await connection.query('UPDATE log_epoch SET epoch = MD5(RAND()), started_at = CURRENT_TIMESTAMP(3)');
    await connection.commit();
    const [rows] = await connection.query<RowDataPacket[]>('SELECT epoch FROM log_epoch');
    return String(rows[0]?.['epoch']);
  });
}

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
/** Enough that every reader's cursor is far beyond the restored head. Such a cursor would hide the next messages. */
const AFTER_DUMP = 15;
const AFTER_RESTORE = 10;
/** If the new epoch is late: more messages than were lost, so that old cursors are below the head again. */
const BEFORE_LATE_EPOCH = 25;
const LOG_RESTARTED = 4003;
const RESTART_TOLD_MS = 10_000;

const execute = promisify(execFile);

export interface RestoredDumpSettings extends ScenarioSettings {
  /** Publishers publish before the operator begins the new epoch, which then uses `--restored-at`. */
  readonly isEpochLate: boolean;
}

/**
 * An older dump is restored while both services run and clients are connected. Connected readers and readers that were
 * away must get whatever the database then holds, whatever they had seen at the same offsets before.
 */
export function restoredDump(settings: RestoredDumpSettings): Promise<RunResult> {
  const { isEpochLate } = settings;
  return withRun({ ...settings, targets: TARGETS }, async (run) => {
    const { ledger, cluster } = run;
    for (const target of ledger.targets) run.addReader(target);
    const away = ledger.targets.map((target) => run.addReader(target));
    await run.readersIdentified();

    await sendToEach(run, BEFORE_DUMP);
    const dump = await takeDump(run);
    await sendToEach(run, AFTER_DUMP);
    await run.settle();
    for (const reader of away) reader.disconnect();

    ledger.beginRestore();
    await loadDump(run, dump);
    run.noteFault('older dump @ MySQL');
    const restoredAt = new Date().toISOString(); // the database and this process use the same clock
    ledger.restored(await readHeads(cluster.database.url));
    run.figures['taken back by the restore'] = ledger.targets.reduce(
      (sum, target) => sum + target.takenBackCount,
      0,
    );
    if (isEpochLate) await sendToEach(run, BEFORE_LATE_EPOCH);
    const epoch = await beginNewEpoch(
      run,
      settings.buildFolder,
      isEpochLate ? ['--restored-at', restoredAt] : [],
    );
    ledger.beginEpoch(epoch);

    await sendToEach(run, AFTER_RESTORE);
    for (const reader of away) reader.reconnect();
    await waitUntil(
      'every reader was told of the new epoch',
      () => run.readers.every((reader) => reader.ledger.cursor?.epoch === epoch),
      RESTART_TOLD_MS,
    );
    const closes = run.readers.reduce(
      (sum, { closesByCode }) => sum + (closesByCode.get(LOG_RESTARTED) ?? 0),
      0,
    );
    run.figures['connections closed with 4003'] = closes;
    run.require(closes >= TARGETS, `every connected reader is closed with 4003 (${closes} of ${TARGETS})`);
    const unTold = run.readers.filter((reader) => reader.ledger.restartCount === 0);
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
  const words = [
    ...clientArguments(cluster.database.url),
    '--single-transaction',
    '--routines',
    cluster.database.name,
  ];
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

/** Runs the documented command. Resolves to the epoch that it began. */
async function beginNewEpoch(
  { cluster }: Run,
  buildFolder: string,
  words: readonly string[],
): Promise<string> {
  const command = join(buildFolder, 'api-server/dist/new-epoch.js');
  const env = { PATH: process.env['PATH'], DATABASE_URL: cluster.database.url };
  await execute(process.execPath, [command, ...words], { env });
  return readOne(cluster.database.url, 'SELECT epoch FROM log_epoch');
}

function readOne(databaseUrl: string, sql: string): Promise<string> {
  return withConnection(databaseUrl, async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return String(Object.values(rows[0] ?? {})[0]);
  });
}

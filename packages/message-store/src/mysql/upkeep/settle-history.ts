import { setTimeout as sleep } from 'node:timers/promises';
import {
  CERTAIN_MARGIN_SECONDS,
  contradicts,
  EPOCHS_APART_SECONDS,
  type HistoryDoubt,
  type HistoryFinding,
  type KnownRow,
  SECOND_LOOK_MS,
} from '../../history.ts';
import { randomEpoch } from '../../new-epoch.ts';
import { databaseTimeOfMs, isoFromDatabaseTime } from '../sessions/database-time.ts';
import { readLogHeads, readRowMarks } from '../reading/read-heads.ts';
import type { Session } from '../sessions/session.ts';
import type { SessionPool } from '../sessions/session-pool.ts';
import { isReadOnly, isSqlError } from '../sessions/sql-error.ts';

/**
 * Settles a doubt on a writer's session that was just opened; on a read-only server, opening it fails. Usually this
 * needs only the right to read. It locks the epoch's row only to begin a new epoch.
 */
export async function settleHistory(
  writers: SessionPool,
  doubt: HistoryDoubt,
  signal: AbortSignal,
): Promise<HistoryFinding> {
  try {
    return await writers.use(signal, (session) => settleHistoryOn(session, doubt));
  } catch (error) {
    if (isReadOnly(error)) return { kind: 'read-only' };
    throw error;
  }
}

async function settleHistoryOn(session: Session, doubt: HistoryDoubt): Promise<HistoryFinding> {
  await setClusterWait(session, CLUSTER_WAIT_FOR_ALL);
  const finding = await lookTwice(session, doubt);
  await session.run('ROLLBACK');
  await setClusterWait(session, 'DEFAULT'); // other calls use this session later
  return finding;
}

async function lookTwice(session: Session, doubt: HistoryDoubt): Promise<HistoryFinding> {
  const finding = await look(session, doubt);
  await session.run('ROLLBACK');
  if (finding !== 'contradicted') return finding;
  await sleep(SECOND_LOOK_MS);
  return await beginIfStillContradicted(session, doubt);
}

async function beginIfStillContradicted(session: Session, doubt: HistoryDoubt): Promise<HistoryFinding> {
  const [row] = await session.select<{ is_too_soon: number }>(
    'SELECT replaced_epoch IS NOT NULL AND started_at > CURRENT_TIMESTAMP(3) - INTERVAL ? SECOND AS is_too_soon' +
      ' FROM log_epoch WHERE singleton = 1 FOR UPDATE',
    [EPOCHS_APART_SECONDS],
  );
  const finding = await look(session, doubt);
  if (finding !== 'contradicted') return finding;
  if (row?.is_too_soon === 1) return { kind: 'too-soon' };
  const epoch = randomEpoch();
  await session.change(
    'UPDATE log_epoch SET epoch = ?, replaced_epoch = ?, started_at = CURRENT_TIMESTAMP(3),' +
      ' certain_until = LEAST(CAST(? AS DATETIME(3)), CURRENT_TIMESTAMP(3)) - INTERVAL ? SECOND WHERE singleton = 1',
    [epoch, doubt.epoch, databaseTimeOfMs(doubt.sharedUntilMs), CERTAIN_MARGIN_SECONDS],
  );
  const [begun] = await session.select<{ certain_until: string }>('SELECT certain_until FROM log_epoch', []);
  await session.run('COMMIT');
  return { kind: 'epoch-begun', epoch, certainUntil: isoFromDatabaseTime(begun?.certain_until ?? '') };
}

/** Compares this server's rows with those in doubt. Rejects if the server has become read-only. */
async function look(session: Session, doubt: HistoryDoubt): Promise<HistoryFinding | 'contradicted'> {
  await session.look();
  const { rows } = doubt;
  const { epoch, heads } = await readLogHeads(session, [...new Set(rows.map(({ targetId }) => targetId))]);
  if (epoch !== doubt.epoch) return { kind: 'epoch-changed', epoch };
  const marks = await readRowMarks(session, rows);
  const isContradicted = (known: KnownRow, index: number) =>
    contradicts(known, { head: heads.get(known.targetId)?.head ?? 0, row: marks[index] });
  return rows.some(isContradicted) ? 'contradicted' : { kind: 'unchanged' };
}

/** Reads, updates and deletes all wait. */
const CLUSTER_WAIT_FOR_ALL = '3';

/**
 * Makes a Galera node answer only after it has applied what the cluster has committed. Other servers don't know the
 * setting.
 */
async function setClusterWait(session: Session, value: string): Promise<void> {
  try {
    await session.run(`SET SESSION wsrep_sync_wait = ${value}`);
  } catch (error) {
    if (!isSqlError(error)) throw error;
  }
}

import type { ReceiptQuery, StoredReceipt, TargetReceipts } from '../../ack-store.ts';
import { deviceOfColumn } from './ack-rows.ts';
import { isoFromDatabaseTime } from '../sessions/database-time.ts';
import type { Session } from '../sessions/session.ts';

/** One statement, so one snapshot. Its parts are joined by UNION ALL for the same reason as in READ_LOG_STATEMENT. */
const READ_RECEIPTS_STATEMENT = `
(SELECT e.epoch, t.head, NULL AS client_id, NULL AS device_id, NULL AS \`offset\`, NULL AS acked_at
   FROM log_epoch e LEFT JOIN targets t ON t.target_id = ? WHERE e.singleton = 1)
UNION ALL
(SELECT a.epoch, NULL, a.client_id, a.device_id, a.\`offset\`, a.acked_at
   FROM acks a FORCE INDEX (acks_target)
  WHERE a.target_id = ? AND a.acked_at IS NOT NULL ORDER BY a.client_id, a.device_id LIMIT ?)`;

interface ReceiptRow {
  readonly epoch: string;
  readonly head: number | null;
  readonly client_id: string | null;
  readonly device_id: string | null;
  readonly offset: number | null;
  readonly acked_at: string | null;
}

/** Reads who acked up to where in a target's log, with the log's head and epoch. */
export async function readReceiptRows(session: Session, query: ReceiptQuery): Promise<TargetReceipts> {
  const { targetId, limit } = query;
  const rows = await session.select<ReceiptRow>(READ_RECEIPTS_STATEMENT, [targetId, targetId, String(limit)]);
  const receipts: StoredReceipt[] = [];
  let state: ReceiptRow | undefined;
  for (const row of rows) {
    if (row.client_id === null) state = row;
    else receipts.push(storedReceipt(row.client_id, row));
  }
  if (state === undefined) throw new Error('the database has no epoch');
  return { epoch: state.epoch, head: state.head ?? 0, receipts: receipts.toSorted(byClientAndDevice) };
}

function storedReceipt(clientId: string, row: ReceiptRow): StoredReceipt {
  return {
    clientId,
    deviceId: deviceOfColumn(row.device_id ?? ''),
    epoch: row.epoch,
    offset: Number(row.offset),
    ackedAt: isoFromDatabaseTime(row.acked_at ?? ''),
  };
}

/** The database does not define the order of a union. */
function byClientAndDevice(a: StoredReceipt, b: StoredReceipt): number {
  const [first, second] = [a, b].map(({ clientId, deviceId = '' }) => `${clientId} ${deviceId}`);
  return (first ?? '') < (second ?? '') ? -1 : 1;
}

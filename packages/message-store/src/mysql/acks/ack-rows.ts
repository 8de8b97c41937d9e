import { DEVICES_PER_CLIENT_MAX } from '@postline/protocol';
import { partsOf } from '@postline/service-runtime';
import type { AckPlace } from '../../ack-store.ts';
import type { Session, SqlValue } from '../sessions/session.ts';
import { IN_LIST_MAX, padInList, placeholders, roundUpRowCount } from '../sessions/statement-shape.ts';

/** The device id that the table stores for connections without one. */
const NO_DEVICE = '';

export function deviceColumn(deviceId: string | undefined): string {
  return deviceId ?? NO_DEVICE;
}

export function deviceOfColumn(column: string): string | undefined {
  return column === NO_DEVICE ? undefined : column;
}

/** In the order of the table's key: two statements that lock the same rows in different order could deadlock. */
export function inKeyOrder<Place extends AckPlace>(places: readonly Place[]): readonly Place[] {
  const keyOf = (place: AckPlace) => `${place.clientId} ${place.deviceId ?? NO_DEVICE} ${place.targetId}`;
  return places.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)); // ids are ASCII: this is byte order
}

/** Repeats the last row until there is a prepared statement for the number of rows. Repeated rows have no effect. */
export function padRows<Row>(rows: readonly Row[]): readonly Row[] {
  const missing = roundUpRowCount(rows.length) - rows.length;
  return [...rows, ...rows.slice(-1).flatMap((last) => Array.from({ length: missing }, () => last))];
}

/** The `VALUES` of a statement with this many rows; the last two columns are acked_at and last_used_at. */
export function ackValues(rowCount: number, ackedAt: 'CURRENT_TIMESTAMP(3)' | 'NULL'): string {
  const row = `(?,?,?,?,?,${ackedAt},CURRENT_TIMESTAMP(6))`;
  return Array.from({ length: rowCount }, () => row).join(',');
}

export const ACK_COLUMNS = 'client_id, device_id, target_id, epoch, `offset`, acked_at, last_used_at';

const DELETE_UNUSED = `
DELETE FROM acks WHERE client_id = ? AND device_id IN (
  SELECT device_id FROM (
    SELECT device_id FROM acks WHERE client_id = ? AND device_id <> '' GROUP BY device_id
    ORDER BY MAX(last_used_at) DESC, device_id DESC LIMIT 10000 OFFSET ${DEVICES_PER_CLIENT_MAX}) longest_unused)`;

/** Deletes the least recently used devices of clients that have too many. For other clients it only reads the key. */
export async function dropUnusedDevices(session: Session, clientIds: readonly SqlValue[]): Promise<void> {
  const distinct = [...new Set(clientIds)].map(String);
  for (const part of partsOf(distinct, IN_LIST_MAX)) {
    const ids = padInList(part);
    const crowded = await session.select<{ client_id: string }>(
      `SELECT client_id FROM acks WHERE client_id IN (${placeholders(ids.length)}) AND device_id <> '' GROUP BY client_id HAVING COUNT(DISTINCT device_id) > ${DEVICES_PER_CLIENT_MAX}`,
      ids,
    );
    for (const { client_id: clientId } of crowded) await session.change(DELETE_UNUSED, [clientId, clientId]);
  }
}

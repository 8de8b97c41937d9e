import { partsOf } from '@postline/service-runtime';
import { type DeviceOpening, type LogPosition } from '../../ack-store.ts';
import { HEADS_PER_READ_MAX } from '../../message-store.ts';
import { ACK_COLUMNS, ackValues, dropUnusedDevices, inKeyOrder, padRows } from './ack-rows.ts';
import { readLogHeads } from '../reading/read-heads.ts';
import type { Session } from '../sessions/session.ts';
import { IN_LIST_MAX, padInList, placeholders, ROWS_PER_STATEMENT_MAX } from '../sessions/statement-shape.ts';

/** The position that one device gets for one target, if nothing is stored for it yet. */
interface Baseline extends LogPosition {
  readonly clientId: string;
  readonly deviceId: string;
  readonly targetId: string;
}

/**
 * Reads where devices stopped, after it has stored baselines where there was nothing. Each statement is its own
 * transaction, so a relay that is frozen between two of them holds no lock. A stored baseline is never replaced, so a
 * second attempt after a lost answer changes nothing.
 */
export async function openDeviceRows(
  session: Session,
  openings: readonly DeviceOpening[],
): Promise<readonly ReadonlyMap<string, LogPosition>[]> {
  const baselines = await readBaselines(session, openings);
  for (const part of partsOf(inKeyOrder(baselines), ROWS_PER_STATEMENT_MAX)) {
    const rows = padRows(part);
    await session.change(
      `INSERT INTO acks (${ACK_COLUMNS}) VALUES ${ackValues(rows.length, 'NULL')} ON DUPLICATE KEY UPDATE last_used_at = VALUES(last_used_at)`,
      rows.flatMap(({ clientId, deviceId, targetId, epoch, offset }) => [
        clientId,
        deviceId,
        targetId,
        epoch,
        offset,
      ]),
    );
  }
  const clientIds = [...new Set(openings.map(({ clientId }) => clientId))];
  const deviceIds = [...new Set(openings.map(({ deviceId }) => deviceId))];
  const stored = await readPositions(session, clientIds, deviceIds);
  await dropUnusedDevices(session, clientIds);
  return openings.map(({ clientId, deviceId, targetIds, targetIdsWithoutBaseline = [] }) => {
    const positionOf = (targetId: string) => stored.get(keyOf({ clientId, deviceId, targetId }));
    return new Map(
      [...targetIds, ...targetIdsWithoutBaseline].flatMap((targetId) => {
        const position = positionOf(targetId);
        return position === undefined ? [] : [[targetId, position]];
      }),
    );
  });
}

async function readBaselines(session: Session, openings: readonly DeviceOpening[]): Promise<Baseline[]> {
  const targetIds = [...new Set(openings.flatMap((opening) => opening.targetIds))];
  const positions = new Map<string, LogPosition>();
  for (const part of partsOf(targetIds, HEADS_PER_READ_MAX)) {
    const { epoch, heads } = await readLogHeads(session, part);
    for (const [targetId, { head }] of heads) positions.set(targetId, { epoch, offset: head });
  }
  return openings.flatMap(({ clientId, deviceId, targetIds: followed }) =>
    followed.flatMap((targetId) => {
      const position = positions.get(targetId);
      return position === undefined ? [] : [{ clientId, deviceId, targetId, ...position }];
    }),
  );
}

interface PositionRow {
  readonly client_id: string;
  readonly device_id: string;
  readonly target_id: string;
  readonly epoch: string;
  readonly offset: number;
}

async function readPositions(
  session: Session,
  clientIds: readonly string[],
  deviceIds: readonly string[],
): Promise<ReadonlyMap<string, LogPosition>> {
  const devices = padInList(deviceIds); // a client may have a hundred other devices, each in many groups
  const positions = new Map<string, LogPosition>();
  for (const part of partsOf(clientIds, IN_LIST_MAX)) {
    const ids = padInList(part);
    const rows = await session.select<PositionRow>(
      `SELECT client_id, device_id, target_id, epoch, \`offset\` FROM acks WHERE client_id IN (${placeholders(ids.length)}) AND device_id IN (${placeholders(devices.length)})`,
      [...ids, ...devices],
    );
    for (const row of rows) {
      const place = { clientId: row.client_id, deviceId: row.device_id, targetId: row.target_id };
      positions.set(keyOf(place), { epoch: row.epoch, offset: row.offset });
    }
  }
  return positions;
}

/** Ids contain no space. */
function keyOf(place: { clientId: string; deviceId: string; targetId: string }): string {
  return `${place.clientId} ${place.deviceId} ${place.targetId}`;
}

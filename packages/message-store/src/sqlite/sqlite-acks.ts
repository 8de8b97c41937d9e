import type { Ack, DeviceOpening, LogPosition, StoredReceipt } from '../ack-store.ts';
import type { SqliteStatements } from './sqlite-statements.ts';

/** The device id that the table stores for connections without one. */
const NO_DEVICE = '';

/** Stores the acks of the current epoch in one transaction, in one turn of the event loop. */
export function saveAcksToFile(statements: SqliteStatements, given: readonly Ack[]): void {
  inTransaction(statements, ({ epoch, now }) => {
    const acks = given.filter((ack) => ack.epoch === epoch);
    for (const { clientId, deviceId = NO_DEVICE, targetId, offset } of acks) {
      statements.saveAck(clientId, deviceId, targetId, epoch, offset, now, now);
      statements.touchDevice(now, clientId, deviceId);
    }
    const clientIds = acks.flatMap(({ clientId, deviceId }) => (deviceId === undefined ? [] : [clientId]));
    for (const clientId of new Set(clientIds)) statements.deleteUnusedDevices(clientId, clientId);
  });
}

/** Stores baselines and reads where devices stopped, in one transaction, in one turn of the event loop. */
export function openDevicesInFile(
  statements: SqliteStatements,
  openings: readonly DeviceOpening[],
): readonly ReadonlyMap<string, LogPosition>[] {
  return inTransaction(statements, ({ epoch, now }) =>
    openings.map(({ clientId, deviceId, targetIds, targetIdsWithoutBaseline = [] }) => {
      const wanted = new Set([...targetIds, ...targetIdsWithoutBaseline]);
      for (const targetId of targetIds) {
        const head = Number(statements.selectTarget(targetId)[0]?.[0] ?? 0);
        statements.saveBaseline(clientId, deviceId, targetId, epoch, head, now);
      }
      statements.touchDevice(now, clientId, deviceId);
      const rows = statements.selectDevice(clientId, deviceId).map(positionOf);
      statements.deleteUnusedDevices(clientId, clientId);
      return new Map(rows.filter(([targetId]) => wanted.has(targetId)));
    }),
  );
}

/** A row of `client_id, device_id, epoch, offset, acked_at`. */
export function storedReceiptOf(row: readonly unknown[]): StoredReceipt {
  const [clientId, deviceId, epoch, offset, ackedAt] = row.map(String);
  if (clientId === undefined || epoch === undefined || ackedAt === undefined) {
    throw new TypeError('a row of acks has another shape');
  }
  return {
    clientId,
    deviceId: deviceId === NO_DEVICE ? undefined : deviceId,
    epoch,
    offset: Number(offset),
    ackedAt,
  };
}

/** A row of `target_id, epoch, offset`. */
function positionOf(row: readonly unknown[]): [string, LogPosition] {
  return [String(row[0]), { epoch: String(row[1]), offset: Number(row[2]) }];
}

interface Moment {
  readonly epoch: string;
  /** The database's clock. */
  readonly now: string;
}

function inTransaction<T>(statements: SqliteStatements, work: (moment: Moment) => T): T {
  statements.begin();
  try {
    const [epoch, now] = statements.selectEpoch()[0] ?? [];
    if (typeof epoch !== 'string' || typeof now !== 'string') throw new Error('the file has no epoch');
    const result = work({ epoch, now });
    statements.commit();
    return result;
  } catch (error) {
    statements.rollback();
    throw error;
  }
}

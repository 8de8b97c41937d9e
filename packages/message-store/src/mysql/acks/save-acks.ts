import type { Ack } from '../../ack-store.ts';
import { ACK_COLUMNS, ackValues, deviceColumn, dropUnusedDevices, inKeyOrder, padRows } from './ack-rows.ts';
import { readLogHeads } from '../reading/read-heads.ts';
import type { Session, SqlValue } from '../sessions/session.ts';

/**
 * An ack moves the stored position forward within one epoch, and replaces a position of another epoch. The server
 * assigns the columns from left to right, so the columns in the conditions come last.
 */
const MOVE_FORWARD = `
acked_at = IF(epoch <> VALUES(epoch) OR VALUES(\`offset\`) > \`offset\` OR (acked_at IS NULL AND VALUES(\`offset\`) = \`offset\`),
  VALUES(acked_at), acked_at),
\`offset\` = IF(epoch = VALUES(epoch), GREATEST(\`offset\`, VALUES(\`offset\`)), VALUES(\`offset\`)),
epoch = VALUES(epoch),
last_used_at = VALUES(last_used_at)`;

/**
 * Stores the acks of the current epoch. Each statement is its own transaction, so a relay that is frozen between two of
 * them holds no lock. Acks only move positions forward, so a second attempt after a lost answer changes nothing.
 */
export async function saveAckRows(session: Session, acks: readonly Ack[]): Promise<void> {
  const { epoch } = await readLogHeads(session, []);
  const current = acks.filter((ack) => ack.epoch === epoch);
  if (current.length === 0) return;
  const rows = padRows(inKeyOrder(current));
  await session.change(
    `INSERT INTO acks (${ACK_COLUMNS}) VALUES ${ackValues(rows.length, 'CURRENT_TIMESTAMP(3)')} ON DUPLICATE KEY UPDATE ${MOVE_FORWARD}`,
    rows.flatMap(rowValues),
  );
  const withDevice = current.filter(({ deviceId }) => deviceId !== undefined);
  await dropUnusedDevices(
    session,
    withDevice.map(({ clientId }) => clientId),
  );
}

function rowValues({ clientId, deviceId, targetId, epoch, offset }: Ack): SqlValue[] {
  return [clientId, deviceColumn(deviceId), targetId, epoch, offset];
}

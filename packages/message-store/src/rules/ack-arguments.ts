import { EPOCH_CHARACTERS_MAX, isDeviceId } from '@postline/protocol';
import {
  type Ack,
  ACKS_PER_SAVE_MAX,
  type DeviceOpening,
  DEVICES_PER_OPEN_MAX,
  type ReceiptQuery,
} from '../ack-store.ts';
import { assertTargetId, assertWholeNumber } from './store-arguments.ts';

/** A space at its end would be ignored by ascii_bin. */
const EPOCH = new RegExp(`^[\\x21-\\x7e]{1,${EPOCH_CHARACTERS_MAX}}$`);

/** Throws where an ack can't be stored as it is. */
export function assertAcks(acks: readonly Ack[]): void {
  if (acks.length > ACKS_PER_SAVE_MAX) throw new RangeError(`at most ${ACKS_PER_SAVE_MAX} acks at once`);
  for (const { clientId, deviceId, targetId, epoch, offset } of acks) {
    assertTargetId(clientId);
    if (deviceId !== undefined) assertDeviceId(deviceId);
    assertTargetId(targetId);
    if (!EPOCH.test(epoch)) throw new RangeError('the epoch is not well-formed');
    assertWholeNumber('offset', offset, 0);
  }
}

/** Throws where a device can't be opened. One follows its own client's log and those of a few groups. */
export function assertOpenings(openings: readonly DeviceOpening[]): void {
  if (openings.length > DEVICES_PER_OPEN_MAX) {
    throw new RangeError(`at most ${DEVICES_PER_OPEN_MAX} devices at once`);
  }
  for (const { clientId, deviceId, targetIds } of openings) {
    assertTargetId(clientId);
    assertDeviceId(deviceId);
    targetIds.forEach(assertTargetId);
  }
}

/** Throws where receipts can't be read so. */
export function assertReceiptQuery({ targetId, limit }: ReceiptQuery): void {
  assertTargetId(targetId);
  assertWholeNumber('limit', limit, 1);
}

function assertDeviceId(deviceId: string): void {
  if (!isDeviceId(deviceId)) throw new RangeError('the device id is not well-formed');
}

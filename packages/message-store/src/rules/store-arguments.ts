import { EPOCH_CHARACTERS_MAX, isDeviceId, isTargetId } from '@postline/protocol';
import {
  type Ack,
  ACKS_PER_SAVE_MAX,
  type DeviceOpening,
  DEVICES_PER_OPEN_MAX,
  type ReceiptQuery,
} from '../ack-store.ts';
import { DISCONNECTS_PER_READ_MAX } from '../disconnect-store.ts';
import type { TrimQuery } from '../log-trimmer.ts';
import type { AppendRequest, EarlierLogQuery, LogPlace, LogQuery } from '../message-store.ts';

/**
 * Returns why a request can't be stored as it is; `undefined` if it can. Callers validate at their edge. This is the
 * last check before a database that would silently change such a text: ascii_bin ignores trailing spaces, and a lone
 * surrogate is turned into another character.
 */
export function storageFault(request: AppendRequest): RangeError | undefined {
  for (const { targetId, message, idempotencyKey } of request.messages) {
    if (!isTargetId(targetId)) return new RangeError('a target id is not well-formed');
    if (!message.isWellFormed()) return new RangeError('a message is not well-formed Unicode');
    if (idempotencyKey !== undefined && !IDEMPOTENCY_KEY.test(idempotencyKey)) {
      return new RangeError('an idempotency key is not visible ASCII');
    }
  }
  return request.messages.length === 0 ? new RangeError('a request has no messages') : undefined;
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]+$/;

/** Throws if it is not a target id. */
export function assertTargetId(targetId: string): void {
  if (!isTargetId(targetId)) throw new RangeError('the target id is not well-formed');
}

/** Throws if a query of a log is invalid. */
export function assertLogQuery({ targetId, afterOffset, limit, bytesMax }: LogQuery): void {
  assertTargetId(targetId);
  assertWholeNumber('afterOffset', afterOffset, 0);
  assertWholeNumber('limit', limit, 1);
  if (bytesMax !== undefined) assertWholeNumber('bytesMax', bytesMax, 1);
}

/** Throws if a query of the end of a log is invalid. */
export function assertEarlierLogQuery({
  beforeOffset = 0,
  afterOffset = 0,
  ...query
}: EarlierLogQuery): void {
  assertWholeNumber('beforeOffset', beforeOffset, 0);
  assertLogQuery({ ...query, afterOffset });
}

/** Throws if an id is invalid or there are too many of them for one read. */
export function assertDisconnectQuery(clientIds: readonly string[]): void {
  clientIds.forEach(assertTargetId);
  if (clientIds.length > DISCONNECTS_PER_READ_MAX) {
    throw new RangeError(`at most ${DISCONNECTS_PER_READ_MAX} clients in one read`);
  }
}

/** Throws if a number is not a whole number of at least `least`. */
export function assertWholeNumber(what: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`${what} must be a whole number from ${least} on`);
  }
}

/** Throws if the places are invalid, or too many for one read. */
export function assertPlaces(places: readonly LogPlace[], placesMax: number): void {
  for (const { targetId, offset } of places) {
    assertTargetId(targetId);
    assertWholeNumber('offset', offset, 0);
  }
  if (places.length > placesMax) throw new RangeError(`at most ${placesMax} places in one read`);
}

/**
 * Throws if a retention rule is invalid. The target at which a step begins may be an invalid id: rows of the proof of
 * concept that have no target also have counters, and retention must get past them.
 */
export function assertTrimQuery({ secondsMax, messagesPerTargetMax }: TrimQuery): void {
  if (secondsMax !== undefined) assertWholeNumber('secondsMax', secondsMax, 1);
  if (messagesPerTargetMax !== undefined) assertWholeNumber('messagesPerTargetMax', messagesPerTargetMax, 1);
}

/** No spaces: ascii_bin would ignore a space at the end. */
const EPOCH = new RegExp(`^[\\x21-\\x7e]{1,${EPOCH_CHARACTERS_MAX}}$`);

/** Throws if an ack can't be stored as it is. */
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

/** Throws if a device can't be opened. A device follows its client's own log and the logs of a few groups. */
export function assertOpenings(openings: readonly DeviceOpening[]): void {
  if (openings.length > DEVICES_PER_OPEN_MAX) {
    throw new RangeError(`at most ${DEVICES_PER_OPEN_MAX} devices at once`);
  }
  for (const { clientId, deviceId, targetIds, targetIdsWithoutBaseline = [] } of openings) {
    assertTargetId(clientId);
    assertDeviceId(deviceId);
    targetIds.forEach(assertTargetId);
    targetIdsWithoutBaseline.forEach(assertTargetId);
  }
}

/** Throws if a query of receipts is invalid. */
export function assertReceiptQuery({ targetId, limit }: ReceiptQuery): void {
  assertTargetId(targetId);
  assertWholeNumber('limit', limit, 1);
}

function assertDeviceId(deviceId: string): void {
  if (!isDeviceId(deviceId)) throw new RangeError('the device id is not well-formed');
}

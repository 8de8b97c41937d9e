import type { MessageStore, StoredMessage, StoredReceipt } from '@postline/message-store';
import { type MessageAck, type MessageWay, RECEIPTS_PER_ANSWER_MAX } from '@postline/protocol';
import type { RememberedWay } from './delivery-log.ts';

/** Devices in one answer; a page with more is no longer read. */
const SHOWN_DEVICES_MAX = 100;

export interface MessagePlace {
  readonly targetId: string;
  readonly offset: number;
}

/** What one process knows of a message. Sent between the workers of a service. */
export interface WayPart extends RememberedWay {
  readonly followers: MessageWay['followers'];
}

export interface StoredWay {
  readonly epoch: string;
  readonly head: number;
  readonly stored: MessageWay['stored'];
  readonly receipts: readonly StoredReceipt[];
}

/** Reads what the database knows of a message. Rejects if it does not answer. */
export async function readStoredWay(
  store: Pick<MessageStore, 'readLog' | 'readReceipts'>,
  { targetId, offset }: MessagePlace,
): Promise<StoredWay> {
  const [{ epoch, head, messages }, { receipts }] = await Promise.all([
    store.readLog({ targetId, afterOffset: offset - 1, limit: 1 }),
    store.readReceipts({ targetId, limit: RECEIPTS_PER_ANSWER_MAX }),
  ]);
  const row = messages.find((message) => message.offset === offset);
  const stored = row === undefined ? absent(offset, head) : storedRow(row);
  return { epoch, head, stored, receipts: receipts.filter((receipt) => receipt.epoch === epoch) };
}

function storedRow({ id, createdAt, message }: StoredMessage): MessageWay['stored'] {
  return { state: 'stored', id, createdAt, bytes: Buffer.byteLength(message) };
}

function absent(offset: number, head: number): MessageWay['stored'] {
  return { state: offset > head ? 'not-yet' : 'deleted' };
}

/** The way of a message, as the database and the processes of this relay know it. */
export function messageWay(
  { targetId, offset }: MessagePlace,
  { stored, receipts, epoch, head }: StoredWay,
  parts: readonly WayPart[],
): MessageWay {
  const sends = parts.flatMap((part) => part.sends).toSorted((a, b) => a.atMs - b.atMs);
  const received = parts.flatMap((part) => part.acks);
  const devices = receipts.map((receipt): MessageAck => {
    const { clientId, deviceId = null, ackedAt } = receipt;
    const ack = received.find((each) => each.clientId === clientId && each.deviceId === deviceId);
    const receivedMs = receipt.offset >= offset ? (ack?.atMs ?? null) : null;
    return { clientId, deviceId, offset: receipt.offset, storedAt: ackedAt, receivedMs };
  });
  const remembered = parts.flatMap(({ fromMs }) => fromMs ?? []);
  return {
    ...{ targetId, offset, epoch, head, stored },
    hints: parts.flatMap((part) => part.hintsMs).toSorted((a, b) => a - b),
    sends: { count: sum(parts.map((part) => part.sendCount)), shown: sends },
    followers: {
      count: sum(parts.map((part) => part.followers.count)),
      reached: sum(parts.map((part) => part.followers.reached)),
    },
    acks: someOf(devices.filter((device) => device.offset >= offset)),
    behind: someOf(devices.filter((device) => device.offset < offset)),
    rememberedFromMs: remembered.length === 0 ? null : Math.max(...remembered),
    nowMs: Date.now(),
  };
}

function someOf(devices: readonly MessageAck[]): MessageWay['acks'] {
  return { count: devices.length, shown: devices.slice(0, SHOWN_DEVICES_MAX) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

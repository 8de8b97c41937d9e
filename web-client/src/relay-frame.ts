import { isJsonObject, parseJson } from './json-value.ts';

/** Where the stream of one target goes on: the first message that comes has offset `offset + 1`. */
export interface FollowedTarget {
  readonly offset: number;
  readonly head: number;
  readonly recovered: boolean;
}

export interface IdentifiedFrame {
  readonly type: 'identified';
  readonly clientId: string;
  readonly epoch: string;
  readonly heartbeatSeconds: number;
  readonly targets: ReadonlyMap<string, FollowedTarget>;
}

export interface NewMessageFrame {
  readonly type: 'new_message';
  readonly id: string;
  readonly targetId: string;
  readonly offset: number;
  readonly epoch: string;
  readonly data: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

export interface TruncatedFrame {
  readonly type: 'truncated';
  readonly targetId: string;
  readonly from: number;
  readonly to: number;
}

interface ErrorFrame {
  readonly type: 'error';
  readonly code: string;
  readonly message: string;
}

export type RelayFrame =
  | IdentifiedFrame
  | NewMessageFrame
  | TruncatedFrame
  | ErrorFrame
  | { readonly type: 'heartbeat' }
  | { readonly type: 'pong' };

/** Reads one text frame of the relay's. `undefined` where it is none that this page knows: a later relay may say more. */
export function readRelayFrame(text: string): RelayFrame | undefined {
  const value = parseJson(text);
  if (!isJsonObject(value)) return undefined;
  switch (value['type']) {
    case 'identified':
      return readIdentified(value);
    case 'new_message':
      return readNewMessage(value);
    case 'truncated':
      return readTruncated(value);
    case 'error':
      return readError(value);
    case 'heartbeat':
      return { type: 'heartbeat' };
    case 'pong':
      return { type: 'pong' };
    default:
      return undefined;
  }
}

function readIdentified(value: Record<string, unknown>): IdentifiedFrame | undefined {
  const { clientId, epoch, heartbeatSeconds, targets } = value;
  if (typeof clientId !== 'string' || typeof epoch !== 'string' || !isJsonObject(targets)) return undefined;
  if (typeof heartbeatSeconds !== 'number' || !(heartbeatSeconds > 0)) return undefined;
  const followed = new Map<string, FollowedTarget>();
  for (const [targetId, target] of Object.entries(targets)) {
    const read = readFollowedTarget(target);
    if (read === undefined) return undefined;
    followed.set(targetId, read);
  }
  return { type: 'identified', clientId, epoch, heartbeatSeconds, targets: followed };
}

function readFollowedTarget(value: unknown): FollowedTarget | undefined {
  if (!isJsonObject(value)) return undefined;
  const { offset, head, recovered } = value;
  if (!isOffset(offset) || !isOffset(head) || typeof recovered !== 'boolean') return undefined;
  return { offset, head, recovered };
}

function readNewMessage(value: Record<string, unknown>): NewMessageFrame | undefined {
  const { id, targetId, offset, epoch, data, createdAt } = value;
  if (typeof id !== 'string' || typeof targetId !== 'string' || !isOffset(offset)) return undefined;
  if (typeof epoch !== 'string' || typeof data !== 'string' || typeof createdAt !== 'string')
    return undefined;
  return { type: 'new_message', id, targetId, offset, epoch, data, createdAt };
}

function readTruncated(value: Record<string, unknown>): TruncatedFrame | undefined {
  const { targetId, from, to } = value;
  if (typeof targetId !== 'string' || !isOffset(from) || !isOffset(to)) return undefined;
  return { type: 'truncated', targetId, from, to };
}

function readError(value: Record<string, unknown>): ErrorFrame | undefined {
  const { code, message } = value;
  if (typeof code !== 'string' || typeof message !== 'string') return undefined;
  return { type: 'error', code, message };
}

function isOffset(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

import type {
  FollowedTarget,
  HeartbeatFrame,
  IdentifiedFrame,
  NewMessageFrame,
  PongFrame,
  TruncatedFrame,
} from '@postline/protocol';
import { hasOffsets, hasTexts, isJsonObject, type JsonObject, parseJson } from './json-value.ts';

/** A later relay may tell of errors that this client has no word for. */
interface ErrorFrame {
  readonly type: 'error';
  readonly code: string;
  readonly message: string;
}

export type RelayFrame =
  | IdentifiedFrame
  | NewMessageFrame
  | TruncatedFrame
  | HeartbeatFrame
  | PongFrame
  | ErrorFrame;

/** Reads one text frame of the relay's. `undefined` where it is none that this client knows: a later relay may say more. */
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

function readIdentified(value: JsonObject): IdentifiedFrame | undefined {
  if (!hasTexts(value, 'clientId', 'connectionId', 'epoch')) return undefined;
  const { clientId, connectionId, epoch, heartbeatSeconds, targets } = value;
  if (typeof heartbeatSeconds !== 'number' || !(heartbeatSeconds > 0) || !isJsonObject(targets))
    return undefined;
  const followed = new Map<string, FollowedTarget>();
  for (const [targetId, target] of Object.entries(targets)) {
    if (!isFollowedTarget(target)) return undefined;
    followed.set(targetId, target);
  }
  return { type: 'identified', clientId, connectionId, epoch, heartbeatSeconds, targets: followed };
}

function isFollowedTarget(value: unknown): value is FollowedTarget {
  return (
    isJsonObject(value) && hasOffsets(value, 'offset', 'head') && typeof value['recovered'] === 'boolean'
  );
}

function readNewMessage(value: JsonObject): NewMessageFrame | undefined {
  if (!hasTexts(value, 'id', 'targetId', 'epoch', 'data', 'createdAt') || !hasOffsets(value, 'offset'))
    return undefined;
  const { id, targetId, offset, epoch, data, createdAt } = value;
  return { type: 'new_message', id, targetId, offset, epoch, data, createdAt };
}

function readTruncated(value: JsonObject): TruncatedFrame | undefined {
  if (!hasTexts(value, 'targetId') || !hasOffsets(value, 'from', 'to')) return undefined;
  const { targetId, from, to } = value;
  return { type: 'truncated', targetId, from, to };
}

function readError(value: JsonObject): ErrorFrame | undefined {
  if (!hasTexts(value, 'code', 'message')) return undefined;
  const { code, message } = value;
  return { type: 'error', code, message };
}

import type {
  FollowedTarget,
  HeartbeatFrame,
  IdentifiedFrame,
  NewMessageFrame,
  PongFrame,
  TruncatedFrame,
} from '@postline/protocol';
import { hasOffsets, hasTexts, isJsonObject, type JsonObject, parseJson } from '../json-value.ts';
import type { Cursor } from '../cursor/cursor.ts';

export interface IdentifyFrame {
  readonly type: 'identify';
  readonly clientId: string;
  readonly token: string | undefined;
  readonly deviceId: string | undefined;
  readonly resume: Cursor | 'last-ack' | undefined;
}

/** What a client may say on its socket; in JSON a field that is undefined is left out. */
export type ClientFrame =
  | IdentifyFrame
  | { readonly type: 'ack'; readonly targetId: string; readonly offset: number }
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'ping' };

/** A later relay may tell of errors that this client has no word for. */
interface ErrorFrame {
  readonly type: 'error';
  readonly code: string;
  readonly message: string;
}

/** Answers a `token` frame: it counts from now on. How long, the token itself says. */
interface TokenAcceptedFrame {
  readonly type: 'token_accepted';
}

export type RelayFrame =
  | IdentifiedFrame
  | NewMessageFrame
  | TruncatedFrame
  | TokenAcceptedFrame
  | HeartbeatFrame
  | PongFrame
  | ErrorFrame;

/** All there is to these is that they came. */
const EMPTY_FRAMES: ReadonlySet<unknown> = new Set(['token_accepted', 'heartbeat', 'pong']);

/** Reads one text frame of the relay's. `undefined` where it is none that this client knows: a later relay may say more. */
export function readRelayFrame(text: string): RelayFrame | undefined {
  const value = parseJson(text);
  return isJsonObject(value) && isRelayFrame(value) ? withTargetsAsMap(value) : undefined;
}

/** On the wire the targets of `identified` are an object. */
type EncodedFrame =
  | Exclude<RelayFrame, IdentifiedFrame>
  | (Omit<IdentifiedFrame, 'targets'> & { readonly targets: Readonly<Record<string, FollowedTarget>> });

function withTargetsAsMap(frame: EncodedFrame): RelayFrame {
  return frame.type === 'identified' ? { ...frame, targets: new Map(Object.entries(frame.targets)) } : frame;
}

function isRelayFrame(value: JsonObject): value is EncodedFrame & JsonObject {
  switch (value['type']) {
    case 'identified':
      return (
        hasTexts(value, 'clientId', 'connectionId', 'epoch') &&
        (value['heartbeatSeconds'] as number) > 0 &&
        isJsonObject(value['targets']) &&
        Object.values(value['targets']).every(isFollowedTarget)
      );
    case 'new_message':
      return hasTexts(value, 'id', 'targetId', 'epoch', 'data', 'createdAt') && hasOffsets(value, 'offset');
    case 'truncated':
      return hasTexts(value, 'targetId') && hasOffsets(value, 'from', 'to');
    case 'error':
      return hasTexts(value, 'code', 'message');
    default:
      return EMPTY_FRAMES.has(value['type']);
  }
}

function isFollowedTarget(value: unknown): boolean {
  return (
    isJsonObject(value) && hasOffsets(value, 'offset', 'head') && typeof value['recovered'] === 'boolean'
  );
}

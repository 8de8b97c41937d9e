/** The frames of the wire. Their shapes are the protocol's: only types are imported, so a page downloads no schema. */
import type {
  EncodedClientFrame,
  ErrorFrame,
  FollowedTarget,
  IdentifiedFrame,
  RelayFrame as ProtocolRelayFrame,
} from '@postline/protocol';
import { hasOffsets, hasTexts, isJsonObject, type JsonObject, parseJson } from '../json-value.ts';

/** A frame that a client may send. */
export type ClientFrame = EncodedClientFrame;
export type IdentifyFrame = Extract<ClientFrame, { type: 'identify' }>;

/** A frame that a relay may send. A later relay may have more error codes than this client knows. */
export type RelayFrame =
  | Exclude<ProtocolRelayFrame, ErrorFrame>
  | (Omit<ErrorFrame, 'code'> & { readonly code: string });

/**
 * Parses a text frame of the relay. `undefined` for frames that this client does not know: a later relay may have more.
 */
export function readRelayFrame(text: string): RelayFrame | undefined {
  const value = parseJson(text);
  return isJsonObject(value) && isRelayFrame(value) ? withTargetsAsMap(value) : undefined;
}

/** On the wire the targets of `identified` are an object. */
type EncodedRelayFrame =
  | Exclude<RelayFrame, IdentifiedFrame>
  | (Omit<IdentifiedFrame, 'targets'> & { readonly targets: Readonly<Record<string, FollowedTarget>> });

function withTargetsAsMap(frame: EncodedRelayFrame): RelayFrame {
  return frame.type === 'identified' ? { ...frame, targets: new Map(Object.entries(frame.targets)) } : frame;
}

const isAnything = () => true;
const hasTarget = (value: JsonObject) => hasTexts(value, 'targetId');

/** Checks the fields that this client reads. */
const CHECKS: { readonly [Type in RelayFrame['type']]: (value: JsonObject) => boolean } = {
  identified: (value) =>
    hasTexts(value, 'clientId', 'connectionId', 'epoch') &&
    (value['heartbeatSeconds'] as number) > 0 &&
    isJsonObject(value['targets']) &&
    Object.values(value['targets']).every(isFollowedTarget),
  new_message: (value) =>
    hasTexts(value, 'id', 'targetId', 'epoch', 'data', 'createdAt') && hasOffsets(value, 'offset'),
  truncated: (value) => hasTarget(value) && hasOffsets(value, 'from', 'to'),
  followed: (value) => hasTarget(value) && isFollowedTarget(value),
  unfollowed: hasTarget,
  history: (value) => hasTexts(value, 'requestId', 'targetId') && Array.isArray(value['messages']),
  error: (value) => hasTexts(value, 'code', 'message'),
  token_accepted: isAnything,
  heartbeat: isAnything,
  pong: isAnything,
};

/** A Map, because `type` may be `constructor`. */
const CHECK_OF_TYPE: ReadonlyMap<unknown, (value: JsonObject) => boolean> = new Map(Object.entries(CHECKS));

function isRelayFrame(value: JsonObject): value is EncodedRelayFrame & JsonObject {
  return CHECK_OF_TYPE.get(value['type'])?.(value) === true;
}

function isFollowedTarget(value: unknown): boolean {
  return (
    isJsonObject(value) && hasOffsets(value, 'offset', 'head') && typeof value['recovered'] === 'boolean'
  );
}

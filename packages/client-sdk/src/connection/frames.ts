/** The frames of the wire. Their shapes are the protocol's: only types are imported, so a page downloads no schema. */
import type {
  EncodedClientFrame,
  ErrorFrame,
  FollowedTarget,
  IdentifiedFrame,
  RelayFrame as ProtocolRelayFrame,
} from '@postline/protocol';
import { hasFields, parseJson } from '../json-value.ts';

/** A frame that a client may send. */
export type ClientFrame = EncodedClientFrame;
export type HistoryRequestFrame = Extract<ClientFrame, { type: 'history' }>;
export type IdentifyFrame = Extract<ClientFrame, { type: 'identify' }>;

/**
 * A frame that this client reads; any other one only shows that the connection lives. A later relay may have more error
 * codes than this client knows.
 */
export type RelayFrame =
  | Exclude<ProtocolRelayFrame, ErrorFrame | { readonly type: 'token_accepted' | 'heartbeat' | 'pong' }>
  | (Omit<ErrorFrame, 'code'> & { readonly code: string });

const LOG_ENTRY = 'id targetId data createdAt +offset';
const FOLLOWED_TARGET = '+offset +head !recovered';

/** The fields that this client reads. */
const FIELDS: Readonly<Record<RelayFrame['type'], string>> = {
  identified: 'clientId connectionId epoch +heartbeatSeconds',
  new_message: 'epoch id targetId data createdAt +offset',
  truncated: 'targetId +from +to',
  followed: 'targetId +offset +head !recovered',
  unfollowed: 'targetId',
  // <not in the script>
  history: 'requestId',
  // </not in the script>
  error: 'code message',
};

/** On the wire the targets of `identified` are an object. */
type EncodedRelayFrame =
  | Exclude<RelayFrame, IdentifiedFrame>
  | (Omit<IdentifiedFrame, 'targets'> & { readonly targets: Readonly<Record<string, FollowedTarget>> });

/**
 * Parses a text frame of the relay. `undefined` for frames that this client does not read.
 */
export function readRelayFrame(text: string): RelayFrame | undefined {
  const value = parseJson(text);
  // `type` may be `constructor`.
  if (!hasFields(value, 'type') || !Object.hasOwn(FIELDS, value.type)) return undefined;
  if (!hasFields(value, FIELDS[value.type as RelayFrame['type']])) return undefined;
  const frame = value as unknown as EncodedRelayFrame;
  // <not in the script>
  if (frame.type === 'history')
    return areAll(frame.messages, LOG_ENTRY) && Array.isArray(frame.messages) ? frame : undefined;
  // </not in the script>
  if (frame.type !== 'identified') return frame;
  const { heartbeatSeconds, targets } = frame;
  return heartbeatSeconds > 0 && areAll(targets, FOLLOWED_TARGET) && !Array.isArray(targets)
    ? { ...frame, targets: new Map(Object.entries(targets)) }
    : undefined;
}

/** Whether a list or an object has only objects with these fields. */
function areAll(values: unknown, fields: string): boolean {
  return (
    typeof values === 'object' &&
    Object.values(values ?? [undefined]).every((value) => hasFields(value, fields))
  );
}

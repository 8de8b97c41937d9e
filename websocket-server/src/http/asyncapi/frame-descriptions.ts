/** What the document says about each frame beside its schema. A frame without an entry does not compile. */
import {
  type CLOSE_CODES,
  type EncodedClientFrame,
  type EncodedRelayFrame,
  FRAME_ERRORS,
} from '@postline/protocol';

const EPOCH = 'q83vEjRWeJASNFZ4kBI0Vg';
const CREATED_AT = '2026-11-23T00:00:00.000Z';
const ENTRY = { id: '1023', targetId: '1', offset: 41, data: 'Hello Client 1!', createdAt: CREATED_AT };

type OfType<Frame, Type> = Extract<Frame, { readonly type: Type }>;

export interface ClientFrameDescription<Frame> {
  readonly title: string;
  /** Types of the relay's frames that answer it; none if it is not answered. */
  readonly answers: readonly EncodedRelayFrame['type'][];
  readonly examples: readonly Frame[];
}

type ClientFrameDescriptions = {
  readonly [Type in EncodedClientFrame['type']]: ClientFrameDescription<OfType<EncodedClientFrame, Type>>;
};

export const CLIENT_FRAMES: ClientFrameDescriptions = {
  identify: {
    title: 'Identify, and say where to continue',
    answers: ['identified', 'error'],
    examples: [
      { type: 'identify', clientId: 1 },
      { type: 'identify', clientId: 1, resume: { epoch: EPOCH, offsets: { '1': 41 } } },
      { type: 'identify', clientId: 'kiosk', deviceId: 'hall-3', resume: 'last-ack', groups: true },
      { type: 'identify', clientId: 'anna', token: 'eyJhbGciOiJIUzI1NiJ9.…', resume: { last: 20 } },
    ],
  },
  ack: {
    title: 'Acknowledge messages',
    answers: ['error'],
    examples: [
      { type: 'ack', offset: 58 },
      { type: 'ack', targetId: 'group:news', offset: 7 },
    ],
  },
  token: {
    title: 'Renew the token',
    answers: ['token_accepted', 'error'],
    examples: [{ type: 'token', token: 'eyJhbGciOiJIUzI1NiJ9.…' }],
  },
  follow: {
    title: 'Follow a group',
    answers: ['followed', 'error'],
    examples: [
      { type: 'follow', targetId: 'group:room-7' },
      { type: 'follow', targetId: 'group:room-7', epoch: EPOCH, offset: 12 },
    ],
  },
  unfollow: {
    title: 'Stop following a group',
    answers: ['unfollowed', 'error'],
    examples: [{ type: 'unfollow', targetId: 'group:room-7' }],
  },
  history: {
    title: 'Request earlier messages',
    answers: ['history', 'error'],
    examples: [
      { type: 'history', requestId: 'r1' },
      { type: 'history', requestId: 'r2', targetId: '1', before: 42, limit: 50 },
    ],
  },
  ping: { title: 'Check the connection', answers: ['pong'], examples: [{ type: 'ping' }] },
};

export interface RelayFrameDescription<Frame> {
  readonly title: string;
  /** True if it is also sent without a frame of the client that it answers. */
  readonly isSentUnasked: boolean;
  readonly examples: readonly Frame[];
}

type RelayFrameDescriptions = {
  readonly [Type in EncodedRelayFrame['type']]: RelayFrameDescription<OfType<EncodedRelayFrame, Type>>;
};

export const RELAY_FRAMES: RelayFrameDescriptions = {
  identified: {
    title: 'The client is accepted',
    isSentUnasked: false,
    examples: [
      {
        type: 'identified',
        clientId: '1',
        connectionId: 'f3b8c0e6-6f0a-4f5c-9a55-0a3f3d1f8f11',
        epoch: EPOCH,
        heartbeatSeconds: 25,
        targets: { '1': { offset: 41, head: 57, recovered: true } },
      },
    ],
  },
  new_message: {
    title: 'The next message',
    isSentUnasked: true,
    examples: [{ type: 'new_message', ...ENTRY, id: '1024', offset: 42, epoch: EPOCH }],
  },
  truncated: {
    title: 'Messages that were deleted',
    isSentUnasked: true,
    examples: [
      { type: 'truncated', targetId: '1', from: 1, to: 40 },
      { type: 'truncated', targetId: 'group:room-7', from: 3, to: 9, reason: 'membership' },
    ],
  },
  followed: {
    title: 'A group was added',
    isSentUnasked: true,
    examples: [
      { type: 'followed', targetId: 'group:news', offset: 41, head: 57, recovered: true, cause: 'joined' },
    ],
  },
  unfollowed: {
    title: 'A group was removed',
    isSentUnasked: true,
    examples: [{ type: 'unfollowed', targetId: 'group:news', cause: 'left' }],
  },
  history: {
    title: 'Earlier messages',
    isSentUnasked: false,
    examples: [{ type: 'history', requestId: 'r1', targetId: '1', messages: [ENTRY], truncatedBefore: null }],
  },
  token_accepted: {
    title: 'The token is accepted',
    isSentUnasked: false,
    examples: [
      { type: 'token_accepted', expiresAt: '2026-11-23T01:00:00.000Z' },
      { type: 'token_accepted', expiresAt: null },
    ],
  },
  heartbeat: {
    title: 'The connection is alive',
    isSentUnasked: true,
    examples: [{ type: 'heartbeat' }],
  },
  pong: { title: 'Answers a ping', isSentUnasked: false, examples: [{ type: 'pong' }] },
  error: {
    title: 'An error',
    isSentUnasked: true,
    examples: [
      { type: 'error', code: 'token_expired', message: FRAME_ERRORS.token_expired },
      {
        type: 'error',
        code: 'not_followed',
        message: FRAME_ERRORS.not_followed,
        targetId: 'group:room-7',
        requestId: 'r1',
      },
    ],
  },
};

/** Why the relay closes a connection. */
export const CLOSE_REASONS: Readonly<Record<keyof typeof CLOSE_CODES, string>> = {
  draining: 'The relay shuts down.',
  frameTooLarge: 'A frame is too large: `identify` may have 256 KiB, any other 64 KiB.',
  overloaded: 'The relay is overloaded, or cannot verify tokens now.',
  tokenExpired: 'The token has expired: reconnect with a fresh one.',
  noProgress: 'The client read nothing of what waits for it for `NO_PROGRESS_MS` (30 s).',
  logRestarted: 'The log was restarted: reconnect and resume.',
  identifyTimeout: 'No `identify` arrived within `IDENTIFY_TIMEOUT_MS` (10 s).',
  tooMany: 'Too many connections of the client, or too many frames.',
  badFrame: 'A frame is not valid, or has an unknown type.',
  unauthorized: 'The token is missing, not valid, or for another client.',
  notAllowed: "The page's origin is not allowed, or the client id is a group's.",
  disconnectedByApi: 'The API disconnected this client.',
};

import { describe, expect, it } from 'vitest';
import { encodeRelayFrame, type RelayFrame as ProtocolRelayFrame } from '@postline/protocol';
import { readRelayFrame, type RelayFrame } from '../../src/connection/frames.ts';

const NEW_MESSAGE = {
  type: 'new_message' as const,
  id: '1024',
  targetId: '1',
  offset: 58,
  epoch: 'e',
  data: 'Hello Client 1!',
  createdAt: '2026-11-23T00:00:00.000Z',
};
const IDENTIFIED = {
  type: 'identified' as const,
  clientId: '1',
  connectionId: 'c',
  epoch: 'e',
  heartbeatSeconds: 25,
  targets: { '1': { offset: 41, head: 57, recovered: true } },
};

const { type: _type, epoch: _epoch, ...LOG_ENTRY } = NEW_MESSAGE;
const HISTORY = {
  type: 'history' as const,
  requestId: '1',
  targetId: '1',
  messages: [LOG_ENTRY],
  truncatedBefore: null,
};

describe('readRelayFrame', () => {
  // A frame that is added to the protocol makes this table incomplete, and `npm run check` fails. Frames that only show
  // that the connection lives are left out in the type.
  const FRAMES: { readonly [Type in RelayFrame['type']]: Extract<RelayFrame, { type: Type }> } = {
    identified: { ...IDENTIFIED, targets: new Map(Object.entries(IDENTIFIED.targets)) },
    new_message: NEW_MESSAGE,
    truncated: { type: 'truncated', targetId: '1', from: 1, to: 40 },
    followed: {
      type: 'followed',
      targetId: 'group:news',
      offset: 41,
      head: 57,
      recovered: true,
      cause: 'joined',
    },
    unfollowed: { type: 'unfollowed', targetId: 'group:news', cause: 'left' },
    history: HISTORY,
    error: { type: 'error', code: 'bad_ack', message: 'No' },
  };

  it.each(Object.values<RelayFrame>(FRAMES))('[PRO-4] reads the frame $type of the protocol', (frame) => {
    const text =
      frame.type === 'identified'
        ? encodeRelayFrame(frame satisfies ProtocolRelayFrame)
        : JSON.stringify(frame);
    expect(readRelayFrame(text)).toEqual(frame);
  });

  it('[PRO-3] ignores unknown fields, and frames that it does not read', () => {
    expect(readRelayFrame(JSON.stringify({ ...NEW_MESSAGE, later: true }))).toMatchObject(NEW_MESSAGE);
    for (const type of ['presence', 'heartbeat', 'pong', 'token_accepted'])
      expect(readRelayFrame(JSON.stringify({ type }))).toBeUndefined();
  });

  it.each([
    'no JSON',
    'null',
    '[]',
    '"heartbeat"',
    '{}',
    '{"type":"__proto__"}',
    '{"type":"constructor"}',
    JSON.stringify({ ...NEW_MESSAGE, offset: '58' }),
    JSON.stringify({ ...NEW_MESSAGE, offset: -1 }),
    JSON.stringify({ ...NEW_MESSAGE, offset: 1.5 }),
    JSON.stringify({ ...NEW_MESSAGE, data: { html: '<b>' } }),
    JSON.stringify({ ...IDENTIFIED, heartbeatSeconds: 0 }),
    JSON.stringify({ ...IDENTIFIED, targets: { '1': null } }),
    JSON.stringify({ ...IDENTIFIED, targets: [] }),
    JSON.stringify({ ...HISTORY, messages: [{ ...LOG_ENTRY, data: 7 }] }),
    JSON.stringify({ ...HISTORY, messages: {} }),
    JSON.stringify({ ...HISTORY, requestId: 1 }),
    JSON.stringify({ type: 'truncated', targetId: '1', from: 1 }),
    JSON.stringify({ type: 'error', code: 1, message: 'No' }),
  ])('[PRO-3] rejects %s', (text) => {
    expect(readRelayFrame(text)).toBeUndefined();
  });
});

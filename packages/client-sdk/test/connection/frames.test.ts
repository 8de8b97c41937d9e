import { describe, expect, it } from 'vitest';
import { encodeRelayFrame, type RelayFrame } from '@postline/protocol';
import { readRelayFrame } from '../../src/connection/frames.ts';

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

describe('readRelayFrame', () => {
  // A frame that is added to the protocol makes this table incomplete, and `npm run check` fails.
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
    history: { type: 'history', requestId: 'r1', targetId: '1', messages: [], truncatedBefore: null },
    error: { type: 'error', code: 'bad_ack', message: 'No' },
    token_accepted: { type: 'token_accepted', expiresAt: '2026-11-23T00:00:00.000Z' },
    heartbeat: { type: 'heartbeat' },
    pong: { type: 'pong' },
  };

  it.each(Object.values<RelayFrame>(FRAMES))('[PRO-4] reads the frame $type of the protocol', (frame) => {
    const text = frame.type === 'identified' ? encodeRelayFrame(frame) : JSON.stringify(frame);
    expect(readRelayFrame(text)).toEqual(frame);
  });

  it('[PRO-3] ignores unknown fields and unknown frames', () => {
    expect(readRelayFrame(JSON.stringify({ ...NEW_MESSAGE, later: true }))).toMatchObject(NEW_MESSAGE);
    expect(readRelayFrame('{"type":"presence"}')).toBeUndefined();
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
    JSON.stringify({ type: 'truncated', targetId: '1', from: 1 }),
    JSON.stringify({ type: 'error', code: 1, message: 'No' }),
  ])('[PRO-3] rejects %s', (text) => {
    expect(readRelayFrame(text)).toBeUndefined();
  });
});

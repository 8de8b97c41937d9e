import { describe, expect, it } from 'vitest';
import { readRelayFrame } from '../../src/connection/frames.ts';

const NEW_MESSAGE = {
  type: 'new_message',
  id: '1024',
  targetId: '1',
  offset: 58,
  epoch: 'e',
  data: 'Hello Client 1!',
  createdAt: '2026-11-23T00:00:00.000Z',
};
const IDENTIFIED = {
  type: 'identified',
  clientId: '1',
  connectionId: 'c',
  epoch: 'e',
  heartbeatSeconds: 25,
  targets: { '1': { offset: 41, head: 57, recovered: true } },
};

describe('readRelayFrame', () => {
  it('[PRO-4] reads every frame that the relay sends', () => {
    expect(readRelayFrame(JSON.stringify(NEW_MESSAGE))).toEqual(NEW_MESSAGE);
    expect(readRelayFrame(JSON.stringify(IDENTIFIED))).toEqual({
      ...IDENTIFIED,
      targets: new Map([['1', { offset: 41, head: 57, recovered: true }]]),
    });
    for (const frame of [
      { type: 'truncated', targetId: '1', from: 1, to: 40 },
      { type: 'error', code: 'bad_ack', message: 'No' },
      { type: 'token_accepted', expiresAt: '2026-11-23T00:00:00.000Z' },
      { type: 'token_accepted', expiresAt: null },
      { type: 'heartbeat' },
      { type: 'pong' },
    ]) {
      expect(readRelayFrame(JSON.stringify(frame))).toEqual(frame);
    }
  });

  it('[PRO-3] takes no offence at unknown fields and unknown frames', () => {
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
    JSON.stringify({ ...NEW_MESSAGE, offset: '58' }),
    JSON.stringify({ ...NEW_MESSAGE, offset: -1 }),
    JSON.stringify({ ...NEW_MESSAGE, offset: 1.5 }),
    JSON.stringify({ ...NEW_MESSAGE, data: { html: '<b>' } }),
    JSON.stringify({ ...IDENTIFIED, heartbeatSeconds: 0 }),
    JSON.stringify({ ...IDENTIFIED, targets: { '1': null } }),
    JSON.stringify({ ...IDENTIFIED, targets: [] }),
    JSON.stringify({ type: 'truncated', targetId: '1', from: 1 }),
    JSON.stringify({ type: 'error', code: 1, message: 'No' }),
  ])('[PRO-3] is not misled by %s', (text) => {
    expect(readRelayFrame(text)).toBeUndefined();
  });
});

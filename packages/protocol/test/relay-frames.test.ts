import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeNewMessage, encodeRelayFrame, type NewMessageFrame } from '../src/index.ts';
import { anyText } from './any-text.ts';

type ControlFrame = Parameters<typeof encodeRelayFrame>[0];

describe('frames to clients', () => {
  it('[PRO-4] each of them as it goes on the socket', () => {
    const targets = new Map([
      ['1', { offset: 41, head: 57, recovered: true }],
      ['constructor', { offset: 0, head: 0, recovered: false }],
    ]);
    const frames: Record<ControlFrame['type'], ControlFrame> = {
      identified: {
        type: 'identified',
        clientId: '1',
        connectionId: 'c-1',
        epoch: 'e',
        heartbeatSeconds: 25,
        targets,
      },
      truncated: { type: 'truncated', targetId: '1', from: 1, to: 40 },
      token_accepted: { type: 'token_accepted', expiresAt: '2026-11-23T01:00:00.000Z' },
      heartbeat: { type: 'heartbeat' },
      pong: { type: 'pong' },
      error: { type: 'error', code: 'bad_ack', message: 'no' },
      followed: {
        type: 'followed',
        targetId: 'group:news',
        offset: 41,
        head: 57,
        recovered: true,
        cause: 'joined',
      },
      unfollowed: { type: 'unfollowed', targetId: 'group:news', cause: 'left' },
    };
    expect(Object.values(frames).map(encodeRelayFrame)).toMatchInlineSnapshot(`
      [
        "{"type":"identified","clientId":"1","connectionId":"c-1","epoch":"e","heartbeatSeconds":25,"targets":{"1":{"offset":41,"head":57,"recovered":true},"constructor":{"offset":0,"head":0,"recovered":false}}}",
        "{"type":"truncated","targetId":"1","from":1,"to":40}",
        "{"type":"token_accepted","expiresAt":"2026-11-23T01:00:00.000Z"}",
        "{"type":"heartbeat"}",
        "{"type":"pong"}",
        "{"type":"error","code":"bad_ack","message":"no"}",
        "{"type":"followed","targetId":"group:news","offset":41,"head":57,"recovered":true,"cause":"joined"}",
        "{"type":"unfollowed","targetId":"group:news","cause":"left"}",
      ]
    `);
  });

  it('[PRO-4] a message', () => {
    const stored = {
      id: '1024',
      targetId: '1',
      offset: 58,
      message: 'Hello "Client" 1!\n\u2028\u{1F600}',
      createdAt: '2026-11-23T00:00:00.000Z',
    };
    expect(encodeNewMessage(stored, 'tT0mD0nn7dGGVjVRu8K2Sw')).toBe(
      '{"type":"new_message","id":"1024","targetId":"1","offset":58,"epoch":"tT0mD0nn7dGGVjVRu8K2Sw","data":"Hello \\"Client\\" 1!\\n\u2028\u{1F600}","createdAt":"2026-11-23T00:00:00.000Z"}',
    );
  });

  it('[PRO-4] a new_message is encoded by hand exactly as JSON.stringify does it', () => {
    const id = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._~:@|+-]{0,127}$/);
    const frame: fc.Arbitrary<NewMessageFrame> = fc.record({
      type: fc.constant('new_message' as const),
      id: fc.nat().map(String),
      targetId: id,
      offset: fc.maxSafeNat(),
      epoch: fc.stringMatching(/^[A-Za-z0-9_-]{22}$/),
      data: anyText,
      createdAt: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    });
    fc.assert(
      fc.property(frame, (given) => {
        expect(encodeNewMessage({ ...given, message: given.data }, given.epoch)).toBe(JSON.stringify(given));
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeHistoryEntry,
  encodeHistoryFrame,
  encodeNewMessage,
  encodeRelayFrame,
  type HistoryFrame,
  type NewMessageFrame,
  type RelayFrame,
  relayFrameSchema,
} from '../src/index.ts';
import { anyText } from './any-text.ts';

const STORED = {
  id: '1024',
  targetId: '1',
  offset: 58,
  message: 'Hello "Client" 1!\n\u2028\u{1F600}',
  createdAt: '2026-11-23T00:00:00.000Z',
};

describe('frames to clients', () => {
  it('[PRO-4] each of them as it goes on the socket', () => {
    const targets = new Map([
      ['1', { offset: 41, head: 57, recovered: true }],
      ['constructor', { offset: 0, head: 0, recovered: false }],
    ]);
    const frames: Record<RelayFrame['type'], string | Parameters<typeof encodeRelayFrame>[0]> = {
      identified: {
        type: 'identified',
        clientId: '1',
        connectionId: 'c-1',
        epoch: 'e',
        heartbeatSeconds: 25,
        targets,
      },
      new_message: encodeNewMessage(STORED, 'tT0mD0nn7dGGVjVRu8K2Sw'),
      truncated: { type: 'truncated', targetId: '1', from: 1, to: 40 },
      token_accepted: { type: 'token_accepted', expiresAt: '2026-11-23T01:00:00.000Z' },
      heartbeat: { type: 'heartbeat' },
      pong: { type: 'pong' },
      error: { type: 'error', code: 'not_followed', message: 'no', targetId: '1', requestId: 'r1' },
      history: encodeHistoryFrame({ requestId: 'r1', targetId: '1', truncatedBefore: 58 }, [
        encodeHistoryEntry(STORED),
      ]),
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
    const texts = Object.values(frames).map((frame) =>
      typeof frame === 'string' ? frame : encodeRelayFrame(frame),
    );
    for (const text of texts) {
      const value: unknown = JSON.parse(text);
      expect(relayFrameSchema.parse(value)).toEqual(value); // it has every field
    }
    expect(texts).toMatchInlineSnapshot(`
      [
        "{"type":"identified","clientId":"1","connectionId":"c-1","epoch":"e","heartbeatSeconds":25,"targets":{"1":{"offset":41,"head":57,"recovered":true},"constructor":{"offset":0,"head":0,"recovered":false}}}",
        "{"type":"new_message","id":"1024","targetId":"1","offset":58,"epoch":"tT0mD0nn7dGGVjVRu8K2Sw","data":"Hello \\"Client\\" 1!\\n 😀","createdAt":"2026-11-23T00:00:00.000Z"}",
        "{"type":"truncated","targetId":"1","from":1,"to":40}",
        "{"type":"token_accepted","expiresAt":"2026-11-23T01:00:00.000Z"}",
        "{"type":"heartbeat"}",
        "{"type":"pong"}",
        "{"type":"error","code":"not_followed","message":"no","targetId":"1","requestId":"r1"}",
        "{"type":"history","requestId":"r1","targetId":"1","messages":[{"id":"1024","targetId":"1","offset":58,"data":"Hello \\"Client\\" 1!\\n 😀","createdAt":"2026-11-23T00:00:00.000Z"}],"truncatedBefore":58}",
        "{"type":"followed","targetId":"group:news","offset":41,"head":57,"recovered":true,"cause":"joined"}",
        "{"type":"unfollowed","targetId":"group:news","cause":"left"}",
      ]
    `);
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

  it('[PRO-4] a history frame is assembled exactly as JSON.stringify writes it', () => {
    const entry = fc.record({
      id: fc.nat().map(String),
      targetId: fc.constant('group:news'),
      offset: fc.maxSafeNat(),
      data: anyText,
      createdAt: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    });
    const frame: fc.Arbitrary<HistoryFrame> = fc.record({
      type: fc.constant('history' as const),
      requestId: anyText,
      targetId: fc.constant('group:news'),
      messages: fc.array(entry),
      truncatedBefore: fc.option(fc.nat()),
    });
    fc.assert(
      fc.property(frame, (given) => {
        const entries = given.messages.map((message) =>
          encodeHistoryEntry({ ...message, message: message.data }),
        );
        expect(encodeHistoryFrame(given, entries)).toBe(JSON.stringify(given));
      }),
    );
  });
});

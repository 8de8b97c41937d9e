import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEnvelope, encodeNewMessage } from '../src/index.ts';
import { anyText } from './any-text.ts';

const newMessage = {
  type: 'new_message',
  id: '1024',
  targetId: 'bob',
  offset: 58,
  epoch: 'e',
  data: 'm',
  createdAt: '2026-11-23T00:00:00.000Z',
} as const;
const encode = (message = 'm') => encodeNewMessage({ ...newMessage, message }, 'e');

describe('decodeEnvelope', () => {
  it('[DEL-7] reads what the API wrote, and keeps the frame as it came', () => {
    const frame = encode();
    expect(decodeEnvelope('bob', frame)).toEqual({
      targetId: 'bob',
      epoch: 'e',
      offset: 58,
      id: '1024',
      createdAt: '2026-11-23T00:00:00.000Z',
      frame,
    });
  });

  it('[DEL-3] a frame for another target is no envelope, however alike the ids are', () => {
    const frame = encode();
    for (const targetId of ['Bob', 'bob.', 'bo', '', 'group:bob']) {
      expect(decodeEnvelope(targetId, frame)).toBeUndefined();
    }
  });

  it.each([
    ['no offset', { offset: undefined }],
    ['offset 0', { offset: 0 }],
    ['a negative offset', { offset: -1 }],
    ['an offset as text', { offset: '58' }],
    ['half an offset', { offset: 58.5 }],
    ['an offset beyond 2^53-1', { offset: 2 ** 53 }],
    ['no epoch', { epoch: undefined }],
    ['an empty epoch', { epoch: '' }],
    ['an epoch that is too long', { epoch: 'x'.repeat(65) }],
    ['no data', { data: undefined }],
    ['data of another type', { data: 1 }],
    ['another type', { type: 'heartbeat' }],
    ['no id', { id: undefined }],
  ])('[DEL-7] %s: undefined', (_what, change) => {
    expect(decodeEnvelope('bob', JSON.stringify({ ...newMessage, ...change }))).toBeUndefined();
  });

  it.each([
    '',
    'x',
    '{',
    'null',
    '[]',
    '1',
    '{"message":"as the proof of concept published it","targetId":"bob"}',
  ])('[DEL-7] %j: undefined', (payload) => {
    expect(decodeEnvelope('bob', payload)).toBeUndefined();
  });

  it.each([
    ['other spaces', ` ${JSON.stringify(newMessage, undefined, 1)}`],
    ['another order, and a field more', JSON.stringify({ more: [1], ...newMessage, type: 'new_message' })],
    ['escapes in the epoch', encode().replace('"epoch":"e"', '"epoch":"\\u0065"')],
  ])('[DEL-7] reads a frame that somebody else wrote: %s', (_what, frame) => {
    expect(decodeEnvelope('bob', frame)).toEqual({
      targetId: 'bob',
      epoch: 'e',
      offset: 58,
      id: '1024',
      createdAt: '2026-11-23T00:00:00.000Z',
      frame,
    });
  });

  it('[DEL-7] a frame that is no JSON is never forwarded, wherever it is broken', () => {
    const broken = fc.tuple(fc.nat(), fc.constantFrom('', '"', '\\', '{', '\u0000', '\n', ' ', 'x', '\\u00'));
    fc.assert(
      fc.property(anyText, broken, (data, [place, piece]) => {
        const frame = encode(data);
        expect(decodeEnvelope('bob', frame)?.offset).toBe(58);
        const at = place % frame.length;
        const changed = frame.slice(0, at) + piece + frame.slice(at + 1);
        if (decodeEnvelope('bob', changed) !== undefined) JSON.parse(changed);
      }),
    );
  });

  it('[DEL-7] any text gives an envelope or undefined, never an exception', () => {
    const almost = fc
      .record({
        offset: fc.jsonValue(),
        epoch: fc.jsonValue(),
        data: fc.jsonValue(),
        targetId: fc.jsonValue(),
      })
      .map((change) => JSON.stringify({ ...newMessage, ...change }));
    fc.assert(
      fc.property(fc.oneof(anyText, fc.json(), almost), (payload) => {
        const envelope = decodeEnvelope('bob', payload);
        if (envelope === undefined) return;
        expect(envelope.frame).toBe(payload);
        expect(Number.isSafeInteger(envelope.offset) && envelope.offset >= 1).toBe(true);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEnvelope, encodeNewMessage, encodeTracedFrame } from '../src/index.ts';
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
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
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

  it('[TRC-3] a hint with a trace context gives the frame without it, whatever the text', () => {
    fc.assert(
      fc.property(anyText, (data) => {
        const frame = encode(data);
        const { frame: sent, ...envelope } =
          decodeEnvelope('bob', encodeTracedFrame(frame, TRACEPARENT)) ?? {};
        expect(sent).toBe(frame);
        expect(envelope).toMatchObject({ offset: 58, traceparent: TRACEPARENT });
        expect(decodeEnvelope('ann', encodeTracedFrame(frame, TRACEPARENT))).toBeUndefined();
      }),
    );
  });

  it('[TRC-3] a text of a message that looks like a trace context is none', () => {
    const frame = encode(`","traceparent":"${TRACEPARENT}"}`);
    expect(decodeEnvelope('bob', frame)).toMatchObject({ frame });
    expect(decodeEnvelope('bob', frame)).not.toHaveProperty('traceparent');
  });

  it.each(['', '00-1-2-01', TRACEPARENT.toUpperCase(), `${TRACEPARENT}0`, 'x'.repeat(55)])(
    '[TRC-3] %j is no trace context: the frame is read as one with a field more',
    (traceparent) => {
      const payload = encodeTracedFrame(encode(), traceparent);
      expect(decodeEnvelope('bob', payload)).toMatchObject({ offset: 58, frame: payload });
      expect(decodeEnvelope('bob', payload)).not.toHaveProperty('traceparent');
    },
  );

  it('[TRC-3] a relay that does not know trace contexts reads the hint as one with a field more', () => {
    const payload = encodeTracedFrame(encode(), TRACEPARENT);
    expect(JSON.parse(payload)).toEqual({ ...newMessage, traceparent: TRACEPARENT });
    const reordered = JSON.stringify({ traceparent: TRACEPARENT, ...newMessage }); // no form that this relay knows
    expect(decodeEnvelope('bob', reordered)).toMatchObject({ offset: 58, frame: reordered });
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

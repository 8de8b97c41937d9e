import { describe, expect, it } from 'vitest';
import { encodeTextFrame, encodeTextFrames } from '../../src/socket/text-frame.ts';

/** What a client reads in these bytes, by RFC 6455, 5.2. */
function textsIn(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    expect(bytes[at]).toBe(0x81);
    const mark = bytes[at + 1] ?? 0;
    const start = at + (mark < 126 ? 2 : mark === 126 ? 4 : 10);
    const long = mark === 126 ? bytes.readUInt16BE(at + 2) : mark;
    const length = mark === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : long;
    texts.push(bytes.toString('utf8', start, start + length));
    at = start + length;
    expect(at).toBeLessThanOrEqual(bytes.length);
  }
  return texts;
}

describe('encodeTextFrame', () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 200_000])('frames a text of %d bytes', (length) => {
    const text = 'x'.repeat(length);
    expect(textsIn(encodeTextFrame(text))).toEqual([text]);
  });

  it('counts bytes, not characters', () => {
    const text = 'ä€😀'.repeat(20);
    expect(textsIn(encodeTextFrame(text))).toEqual([text]);
  });

  it('puts several frames in one piece, in order', () => {
    const texts = ['one', '', '😀'.repeat(100), 'x'.repeat(70_000), 'last'];
    expect(textsIn(encodeTextFrames(texts))).toEqual(texts);
    expect(encodeTextFrames([])).toHaveLength(0);
  });
});

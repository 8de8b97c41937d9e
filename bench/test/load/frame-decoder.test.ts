import { expect, it } from 'vitest';
import { encodeClientFrame, FrameDecoder, OPCODES } from '../../load/frame-decoder.ts';

/** As a server sends it: not masked. */
function serverFrame(text: string, opcode: number = OPCODES.text): Buffer {
  const masked = encodeClientFrame(opcode, Buffer.from(text));
  const maskStart = masked.length - Buffer.byteLength(text) - 4;
  masked[1] = (masked[1] ?? 0) & 0x7f;
  return Buffer.concat([masked.subarray(0, maskStart), masked.subarray(maskStart + 4)]);
}

const TEXTS = ['', 'a', 'é'.repeat(60), 'b'.repeat(126), 'c'.repeat(65_535), 'd'.repeat(65_536), 'end'];

it.each([1, 2, 3, 7, 100, 65_537, 1_000_000])('gives every frame whole, %d bytes at a time', (step) => {
  const received: string[] = [];
  const decoder = new FrameDecoder((opcode, payload) =>
    received.push(`${opcode}:${payload.toString('utf8')}`),
  );
  // In tiny steps the long ones would take seconds: each step looks at the frame anew.
  const texts = TEXTS.filter(({ length }) => step >= 100 || length < 1_000);
  const bytes = Buffer.concat(texts.map((text) => serverFrame(text)));
  const shared = Buffer.alloc(step); // overwritten by the next bytes, as the sockets' buffer is
  for (let at = 0; at < bytes.length; at += step) {
    const count = bytes.copy(shared, 0, at, at + step);
    decoder.push(shared.subarray(0, count));
  }
  expect(received).toEqual(texts.map((text) => `1:${text}`));
});

it('tells pings and closes from texts', () => {
  const opcodes: number[] = [];
  const decoder = new FrameDecoder((opcode) => opcodes.push(opcode));
  decoder.push(Buffer.concat([serverFrame('p', OPCODES.ping), serverFrame('', OPCODES.close)]));
  expect(opcodes).toEqual([OPCODES.ping, OPCODES.close]);
});

it('does not take a fragment for a message', () => {
  const fragment = serverFrame('half');
  fragment[0] = OPCODES.text; // without the final bit
  expect(() => new FrameDecoder(() => undefined).push(fragment)).toThrow('fragment');
});

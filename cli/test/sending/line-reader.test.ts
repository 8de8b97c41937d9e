import { expect, it } from 'vitest';
import { LineReader } from '../../src/sending/line-reader.ts';

function linesOf(...chunks: readonly (string | Buffer)[]) {
  const reader = new LineReader();
  return [...chunks.flatMap((chunk) => reader.push(Buffer.from(chunk as string))), ...reader.end()];
}

it('[CLI-4] splits lines wherever the chunks end, and takes a last one without a line feed', () => {
  const euro = Buffer.from('€\n');
  expect(linesOf('o', 'ne\ntwo\r', '\n', euro.subarray(0, 1), euro.subarray(1), 'four')).toEqual([
    { number: 1, text: 'one' },
    { number: 2, text: 'two' },
    { number: 3, text: '€' },
    { number: 4, text: 'four' },
  ]);
  expect(linesOf('one\n')).toHaveLength(1);
  expect(linesOf('')).toEqual([]);
});

it('[CLI-4] a line that cannot be a message has its fault, and the next one is read', () => {
  const long = 'x'.repeat(65_536);
  expect(linesOf('\n', Buffer.from([0xff, 0x0a]), `${long}\n`, long.slice(1), '\r\nlast')).toEqual([
    { number: 1, fault: 'it must not be empty' },
    { number: 2, fault: 'it is not valid UTF-8' },
    { number: 3, fault: 'it must be at most 65535 bytes' },
    { number: 4, text: long.slice(1) },
    { number: 5, text: 'last' },
  ]);
});

it('[CLI-4] keeps nothing of a line without an end', () => {
  const reader = new LineReader();
  const chunk = Buffer.alloc(65_536, 'x');
  for (let count = 0; count < 1_000; count += 1) expect(reader.push(chunk)).toEqual([]);
  expect(reader.end()).toEqual([{ number: 1, fault: 'it must be at most 65535 bytes' }]);
});

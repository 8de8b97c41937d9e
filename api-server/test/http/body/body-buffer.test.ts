import { MemoryBudget } from '@postline/service-runtime';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BodyBuffer } from '../../../src/http/body/body-buffer.ts';

const BLOCK_BYTES_MIN = 4 * 1024;

it('[MEM-4] returns the bytes of all chunks, and holds at most twice as many', () => {
  const pieces = fc.array(fc.oneof(fc.constant(1), fc.nat(300), fc.nat(40_000)), { maxLength: 60 });
  fc.assert(
    fc.property(pieces, (lengths) => {
      const holding = new MemoryBudget({ bytesMax: 1e9 }).share().open();
      const body = new BodyBuffer({ holding, bytesMax: 8 * 1024 * 1024 });
      const chunks = lengths.map((length, index) => Buffer.alloc(length, index + 1));
      for (const chunk of chunks) {
        expect(body.add(chunk)).toBe(true);
        expect(holding.bytes).toBeLessThanOrEqual(Math.max(BLOCK_BYTES_MIN, 2 * body.length));
      }
      expect(body.take().equals(Buffer.concat(chunks))).toBe(true);
    }),
    { numRuns: 50 },
  );
});

it('[MEM-4] allocates no block larger than the bytes that can arrive', () => {
  const holding = new MemoryBudget({ bytesMax: 1e9 }).share().open();
  const body = new BodyBuffer({ holding, bytesMax: 10_000 });
  for (let sent = 0; sent < 10_000; sent += 1) body.add(Buffer.of(sent % 256));
  expect([holding.bytes, body.length, body.take().length]).toEqual([10_000, 10_000, 10_000]);
});

it('[MEM-4] takes nothing for which there is no room', () => {
  const share = new MemoryBudget({ bytesMax: 10_000 }).share();
  const body = new BodyBuffer({ holding: share.open(), bytesMax: 8 * 1024 * 1024 });
  expect(body.add(Buffer.alloc(8_000))).toBe(true);
  expect(body.add(Buffer.alloc(8_000))).toBe(false);
  expect(share.bytes).toBeLessThanOrEqual(10_000);
});

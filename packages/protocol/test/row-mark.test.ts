import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { decodeEnvelope, encodeNewMessage, isSameRow, type RowMark, rowMarkToKeep } from '../src/index.ts';
import { rowMarkSchema } from '../src/row-mark.ts';

const MARK = { id: '1024', createdAt: '2026-11-23T00:00:00.000Z' };

describe('the mark of a row', () => {
  it('[EPO-4] is its id and its time: another one of either is another row', () => {
    expect(isSameRow(MARK, { ...MARK })).toBe(true);
    expect(isSameRow(MARK, { ...MARK, id: '1025' })).toBe(false);
    expect(isSameRow(MARK, { ...MARK, createdAt: '2026-11-23T00:00:00.001Z' })).toBe(false);
  });

  it('[EPO-4] is kept as it was in the frame, whatever its length', () => {
    for (const id of ['1', '123456789012', '1234567890123', '18446744073709551615'])
      expect(rowMarkToKeep(id, MARK.createdAt)).toEqual({ ...MARK, id });
    expect(rowMarkToKeep('1'.repeat(21), MARK.createdAt)).toBeUndefined();
    expect(rowMarkToKeep('1', '2'.repeat(28))).toBeUndefined();
  });

  it('[EPO-4] keeps no frame in memory', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const message = 'x'.repeat(60_000);
    const kept: (RowMark | undefined)[] = [];
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let offset = 1; offset <= 500; offset += 1) {
      const id = `${1_000_000_000_000 + offset}`;
      const bytes = Buffer.from(encodeNewMessage({ ...MARK, id, targetId: '1', offset, message }, 'e'));
      const envelope = decodeEnvelope('1', bytes.toString());
      if (envelope !== undefined) kept.push(rowMarkToKeep(envelope.id, envelope.createdAt));
    }
    collect();
    expect(kept.at(-1)?.id).toBe('1000000000500');
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(5_000_000); // of 30 MB
  });

  it('[DEL-4] is bounded where a client tells it', () => {
    expect(rowMarkSchema.safeParse(MARK).success).toBe(true);
    for (const wrong of [
      { id: '1' },
      { ...MARK, id: '' },
      { ...MARK, id: '1'.repeat(21) },
      { ...MARK, id: 1 },
    ])
      expect(rowMarkSchema.safeParse(wrong).success).toBe(false);
  });
});

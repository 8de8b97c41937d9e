import { describe, expect, it } from 'vitest';
import { Turns } from '../src/turns.ts';

describe('Turns', () => {
  it('so many go at a time, the others in their order, also after one that failed', async () => {
    const turns = new Turns(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const works = [0, 1, 2, 3].map((index) =>
      turns.take(async () => {
        begun.push(index);
        await new Promise<void>((end) => ends.push(end));
        if (index === 0) throw new Error('failed');
        return index;
      }),
    );
    const outcomes = Promise.allSettled(works);
    await Promise.resolve();
    expect(begun).toEqual([0, 1]);
    for (let index = 0; index < 4; index += 1) {
      ends[index]?.();
      await new Promise(setImmediate);
    }
    expect(begun).toEqual([0, 1, 2, 3]);
    expect((await outcomes).map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
  });
});

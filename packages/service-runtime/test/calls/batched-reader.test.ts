import { describe, expect, it } from 'vitest';
import { BatchedReader, type BatchedReaderOptions } from '../../src/index.ts';

const turn = () => new Promise(setImmediate);

/** A reader whose reads are answered one by one. */
function createReader(options: Partial<BatchedReaderOptions<string, string>> = {}) {
  const batches: (readonly string[])[] = [];
  const answers: ((error?: Error) => void)[] = [];
  const reader = new BatchedReader<string>({
    keysMax: 3,
    readBatch: (keys) => {
      const number = batches.push(keys);
      return new Promise((resolve, reject) => {
        answers.push((error) => {
          if (error === undefined) resolve((key) => `${key}@${number}`);
          else reject(error);
        });
      });
    },
    ...options,
  });
  return { reader, batches, answers };
}

describe('a batched reader', () => {
  it('reads what is called for together by one read, each key once', async () => {
    const { reader, batches, answers } = createReader();
    const calls = ['a', 'b', 'a'].map((key) => reader.read(key));
    await turn();
    expect(batches).toEqual([['a', 'b']]);
    answers[0]?.();
    expect(await Promise.all(calls)).toEqual(['a@1', 'b@1', 'a@1']);
  });

  it('a value is never older than its call: a call during a read waits for a later one', async () => {
    const { reader, batches, answers } = createReader({ parallelReadsMax: 1 });
    const first = reader.read('a');
    await turn();
    const second = reader.read('a');
    await turn();
    expect(batches).toHaveLength(1);
    answers[0]?.();
    expect(await first).toBe('a@1');
    await turn();
    answers[1]?.();
    expect(await second).toBe('a@2');
  });

  it('takes as many keys as one read may have, and has two reads under way at most', async () => {
    const { reader, batches, answers } = createReader();
    const calls = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((key) => reader.read(key));
    await turn();
    await turn();
    await turn();
    expect(batches).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e', 'f'],
    ]);
    answers[0]?.();
    await turn();
    await turn();
    expect(batches[2]).toEqual(['g']);
    answers[1]?.();
    answers[2]?.();
    expect(await Promise.all(calls)).toEqual(['a@1', 'b@1', 'c@1', 'd@2', 'e@2', 'f@2', 'g@3']);
  });

  it('a read that fails rejects its own calls, and the next goes on', async () => {
    const { reader, answers } = createReader();
    const calls = Promise.allSettled([reader.read('a'), reader.read('a'), reader.read('b')]);
    await turn();
    answers[0]?.(new Error('gone'));
    expect((await calls).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    const next = reader.read('a');
    await turn();
    answers[1]?.();
    expect(await next).toBe('a@2');
  });

  it('askers take turns: one with many keys delays nobody by more than a read', async () => {
    const { reader, batches, answers } = createReader({
      parallelReadsMax: 1,
      askerOf: (key) => key.charAt(0),
    });
    const calls = ['a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2', 'c1'].map((key) => reader.read(key));
    for (let read = 0; read < 3; read += 1) {
      await turn();
      answers[read]?.();
      await turn();
    }
    await Promise.all(calls);
    expect(batches).toEqual([
      ['a1', 'b1', 'c1'],
      ['a2', 'b2', 'a3'],
      ['a4', 'a5'],
    ]);
  });
});

import { HEADS_PER_READ_MAX } from '@postline/message-store';
import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { HeadReader } from '../../src/feeds/head-reader.ts';
import { databaseAway, ModelStore } from '../support/model-store.ts';

describe('HeadReader', () => {
  let store: ModelStore;
  let heads: HeadReader;
  /** Lets the oldest read that is held go on. */
  let held: (() => void)[];

  beforeEach(() => {
    store = new ModelStore();
    heads = new HeadReader(store);
    held = [];
  });

  function holdReads(): void {
    store.beforeAnswer = () => new Promise((release) => held.push(release));
  }

  it('reads the head and epoch of a target, head 0 if it has no messages', async () => {
    store.appendMany('1', 3);
    expect(await heads.read('1')).toMatchObject({
      epoch: 'epoch-1',
      head: 3,
      epochStart: 0,
      mark: { id: '3' },
    });
    expect(await heads.read('unknown')).toMatchObject({ head: 0 });
  });

  it('answers with one statement what is asked in one turn, each target once', async () => {
    await Promise.all(['1', '2', '1', '3', '2'].map((targetId) => heads.read(targetId)));
    expect(store.headQueries).toEqual([['1', '2', '3']]);
  });

  it('[DEL-1] a reading is never older than its request', async () => {
    holdReads();
    const first = heads.read('1');
    await turn();
    store.append('1'); // after the first statement looked
    const second = heads.read('1');
    await turn();
    for (const release of held) release();
    expect((await first).head).toBe(0);
    expect((await second).head).toBe(1);
  });

  it('runs two statements at most; calls that arrive meanwhile share the next one', async () => {
    holdReads();
    const readings: Promise<unknown>[] = [];
    for (const targetId of ['1', '2', '3', '4', '5']) {
      readings.push(heads.read(targetId));
      await turn();
    }
    expect(store.headQueries).toEqual([['1'], ['2']]);
    held.shift()?.();
    await turn();
    await turn();
    expect(store.headQueries).toEqual([['1'], ['2'], ['3', '4', '5']]);
    for (const release of held) release();
    await Promise.all(readings);
  });

  it('never asks for more targets than one statement may have', async () => {
    const count = HEADS_PER_READ_MAX * 2 + 1;
    await Promise.all(Array.from({ length: count }, (_, index) => heads.read(`client-${index}`)));
    expect(store.headQueries.map((ids) => ids.length)).toEqual([HEADS_PER_READ_MAX, HEADS_PER_READ_MAX, 1]);
  });

  it('hands an error to everybody who waits for that statement, and works again afterwards', async () => {
    store.beforeRead = databaseAway;
    const readings = await Promise.allSettled([heads.read('1'), heads.read('2'), heads.read('1')]);
    expect(readings.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    store.beforeRead = () => Promise.resolve();
    await expect(heads.read('1')).resolves.toMatchObject({ head: 0 });
  });
});

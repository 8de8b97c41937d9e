import { waitUntil } from '@postline/test-support';
import { expect, it } from 'vitest';
import { StoppableLoop } from '../../src/upkeep/stoppable-loop.ts';

const LONG_MS = 3_600_000;

it('takes turns from start to stop, one at a time, and no further one', async () => {
  const turns: string[] = [];
  const loop = new StoppableLoop(async () => {
    turns.push('begins');
    await loop.pause(1);
    turns.push('ends');
  });
  expect(turns).toEqual([]);
  loop.start();
  loop.start();
  await loop.stop();
  expect(turns).toEqual(['begins', 'ends']);
});

it('goes on until it is stopped, also by its own turn', async () => {
  let turns = 0;
  let stopped: Promise<void> | undefined;
  const loop = new StoppableLoop(async () => {
    turns += 1;
    if (turns === 3) stopped = loop.stop();
    await loop.pause(turns < 3 ? 1 : LONG_MS);
  });
  loop.start();
  await waitUntil('it was stopped', () => stopped !== undefined);
  await stopped;
  expect(turns).toBe(3);
});

it('ends a pause early; the turn that it was in still ends first', async () => {
  let ended = false;
  const loop = new StoppableLoop(async () => {
    await loop.pause(LONG_MS);
    await Promise.resolve();
    ended = loop.isStopped;
  });
  loop.start();
  await loop.stop();
  expect(ended).toBe(true);
});

it('that was stopped before it began does nothing', async () => {
  let turns = 0;
  const loop = new StoppableLoop(() => {
    turns += 1;
    return Promise.resolve();
  });
  await loop.stop();
  loop.start();
  await loop.stop();
  expect(turns).toBe(0);
});

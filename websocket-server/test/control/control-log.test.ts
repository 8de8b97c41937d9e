import { beforeEach, describe, expect, it } from 'vitest';
import { waitUntil } from '@postline/test-support';
import { ControlLog } from '../../src/control/control-log.ts';

const CHANGES_PER_READ_MAX = 3;

describe('ControlLog', () => {
  let head: number;
  let applied: number[];
  let reads: number;
  let read: (after: number) => Promise<number>;
  let log: ControlLog<number, readonly number[]>;

  beforeEach(() => {
    head = 0;
    applied = [];
    reads = 0;
    read = () => Promise.resolve(head);
    log = new ControlLog({
      readAfter: async (after) => {
        reads += 1;
        const last = Math.min(await read(after), after + CHANGES_PER_READ_MAX);
        const changes: readonly number[] = Array.from(
          { length: last - after },
          (_, index) => after + index + 1,
        );
        return { changes, cursor: last, hasMore: changes.length === CHANGES_PER_READ_MAX };
      },
      onChanges: (changes) => applied.push(...changes),
      isBefore: (one, other) => one < other,
    });
  });

  it('reads nothing before state was read that a change could concern', async () => {
    head = 2;
    log.look();
    await Promise.resolve();
    expect(reads).toBe(0);
  });

  it('applies what follows the reading, in order, in as many reads as it takes', async () => {
    head = 10;
    log.startFrom(2);
    log.look();
    await waitUntil('all are applied', () => applied.length === 8);
    expect(applied).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
    log.startFrom(5); // an older reading: its reader needs what followed it
    await waitUntil('they are applied again', () => applied.length === 13);
    expect(applied.slice(8)).toEqual([6, 7, 8, 9, 10]);
  });

  it('looks once more after a look that is under way, however often it was asked', async () => {
    let answer: (head: number) => void = () => undefined;
    read = () => new Promise((resolve) => (answer = resolve));
    log.startFrom(0);
    log.look();
    log.look();
    log.look();
    head = 1;
    read = () => Promise.resolve(head);
    answer(0);
    await waitUntil('the change is applied', () => applied.length === 1);
    expect(reads).toBe(2);
  });

  it('finds with the next look what a read that failed did not', async () => {
    log.startFrom(0);
    head = 1;
    read = () => Promise.reject(new Error('away'));
    log.look();
    await waitUntil('the read failed', () => reads === 1);
    await new Promise(setImmediate);
    read = () => Promise.resolve(head);
    log.look();
    await waitUntil('the change is applied', () => applied.length === 1);
  });
});

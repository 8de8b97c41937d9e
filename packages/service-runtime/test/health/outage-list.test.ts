import { expect, it } from 'vitest';
import { OutageList } from '../../src/health/outage-list.ts';

const at = (second: number) => new Date(second * 1_000);

it('[OPP-2] records when each outage began and ended, with its last reason', () => {
  const list = new OutageList();
  list.worked(at(1));
  expect([list.count, list.recent]).toEqual([0, []]);
  list.failed(at(2), 'connection refused');
  list.failed(at(2), 'wrong user or password');
  expect(list.recent).toEqual([{ began: at(2), ended: undefined, reason: 'wrong user or password' }]);
  list.worked(at(5));
  list.worked(at(6));
  list.failed(at(7), 'timed out');
  expect(list.count).toBe(2);
  expect(list.recent).toEqual([
    { began: at(2), ended: at(5), reason: 'wrong user or password' },
    { began: at(7), ended: undefined, reason: 'timed out' },
  ]);
});

it('keeps the last hundred', () => {
  const list = new OutageList();
  for (let second = 0; second < 150; second += 1) {
    list.failed(at(second), 'timed out');
    list.worked(at(second));
  }
  expect(list.count).toBe(150);
  expect(list.recent).toHaveLength(100);
  expect(list.recent.at(-1)?.began).toEqual(at(149));
});

import { expect, it } from 'vitest';
import { oldestOf } from '../../src/messages/message-list.ts';

function message(targetId: string, offset: number, epoch = 'e') {
  return { id: String(offset), targetId, offset, epoch, data: '', createdAt: '', missed: false };
}

it('[PAGE-18] earlier messages continue before the oldest of each target, in the present lifetime of the logs', () => {
  const listed = [message('1', 7, 'before'), message('1', 5), message('group:a', 2), message('1', 6)];
  expect(Array.from(oldestOf(listed), ([targetId, { offset }]) => [targetId, offset])).toEqual([
    ['1', 5],
    ['group:a', 2],
  ]);
  expect(oldestOf([]).size).toBe(0);
});

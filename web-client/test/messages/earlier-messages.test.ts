import { expect, it } from 'vitest';
import { beginningWords, newestOf } from '../../src/messages/earlier-messages.ts';

function message(targetId: string, offset: number, second: number) {
  const createdAt = `2026-11-28T12:00:${String(second).padStart(2, '0')}.000Z`;
  return { id: `${targetId}-${offset}`, targetId, offset, epoch: 'e', data: '', createdAt, missed: false };
}

it('[PAGE-18] puts the messages of several targets in the order of their times, and those of one in its order', () => {
  const shown = newestOf([
    message('1', 1, 3),
    message('1', 2, 3),
    message('group:a', 10, 3),
    message('group:a', 9, 1),
  ]);
  expect(shown.map(({ id }) => id)).toEqual(['group:a-9', '1-1', '1-2', 'group:a-10']);
});

it('[PAGE-18] shows the newest 50 of them', () => {
  const all = Array.from({ length: 60 }, (_, index) => message('1', index + 1, index));
  expect(newestOf(all).map(({ offset }) => offset)).toEqual(all.slice(10).map(({ offset }) => offset));
});

it('[PAGE-18] says whether the rest was deleted', () => {
  expect(beginningWords([{ truncatedBefore: null }], 0)).toBe('This is the beginning.');
  expect(beginningWords([{ truncatedBefore: null }, { truncatedBefore: 7 }], 0)).toBe(
    'Earlier messages were deleted by the retention rule.',
  );
});

it('[PAGE-18] does not claim the beginning of groups that it did not ask for', () => {
  expect(beginningWords([{ truncatedBefore: null }], 3)).toBe(
    'This is the beginning, without the earlier messages of 3 more groups.',
  );
});

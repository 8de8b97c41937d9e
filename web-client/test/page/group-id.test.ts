import { expect, it } from 'vitest';
import { groupIdOf, groupNameOf, readGroupName } from '../../src/page/group-id.ts';

it('[PAGE-13] a group has its name with and without its prefix', () => {
  expect(groupIdOf('news')).toBe('group:news');
  expect(groupNameOf('group:news')).toBe('news');
  expect(groupNameOf('news')).toBeUndefined();
  expect(readGroupName('news')).toEqual({ name: 'news' });
  expect(readGroupName('group:news')).toEqual({ name: 'news' });
  expect(readGroupName('.a~b|c@d+e-f:g')).toEqual({ name: '.a~b|c@d+e-f:g' });
});

it.each(['.', '..', 'group:..'])('[PAGE-13] %j is a name that no browser can send', (typed) => {
  const path = `/groups/${groupNameOf(typed) ?? typed}/members`;
  expect(new URL(path, 'http://localhost').pathname).not.toBe(path);
  expect(readGroupName(typed)).toEqual({ problem: expect.stringContaining('A browser cannot send') });
});

it.each(['', 'group:', 'a b', 'ä', 'a/b', 'x'.repeat(123)])('[PAGE-13] %j is no name of a group', (typed) => {
  expect(readGroupName(typed)).toEqual({ problem: expect.any(String) });
});

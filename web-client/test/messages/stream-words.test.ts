import { describe, expect, it } from 'vitest';
import {
  emptyWords,
  followedWords,
  startWords,
  truncatedWords,
  unfollowedWords,
} from '../../src/messages/stream-words.ts';

describe('startWords', () => {
  it('[PAGE-5] says nothing on a first connection', () => {
    expect(startWords({ missed: 0, resumedAfter: undefined }, true)).toBeUndefined();
  });

  it('[PAGE-5] tells a page that is opened again how many messages arrived in the meantime', () => {
    expect(startWords({ missed: 1, resumedAfter: 41 }, true)).toBe(
      'One message arrived while this page was away:',
    );
    expect(startWords({ missed: 3, resumedAfter: 41 }, true)).toBe(
      '3 messages arrived while this page was away:',
    );
    expect(startWords({ missed: 0, resumedAfter: 41 }, true)).toBeUndefined();
  });

  it('[PAGE-5] says whether messages arrived while there was no connection', () => {
    expect(startWords({ missed: 3, resumedAfter: 41 }, false)).toBe(
      'Connected again. 3 messages arrived in the meantime:',
    );
    expect(startWords({ missed: 0, resumedAfter: 41 }, false)).toBe('Connected again. Nothing was missed.');
  });
});

it('emptyWords says since when nothing was missed', () => {
  expect(emptyWords({ missed: 0, resumedAfter: 41 })).toBe('Nothing was missed since message 41');
  expect(emptyWords({ missed: 0, resumedAfter: 0 })).toBe('Waiting for the first message');
  expect(emptyWords({ missed: 0, resumedAfter: undefined })).toBe('Waiting for the first message');
});

it('truncatedWords names the deleted messages', () => {
  expect(truncatedWords({ targetId: '1', from: 3, to: 3 })).toContain('Message 3 was deleted');
  expect(truncatedWords({ targetId: '1', from: 3, to: 9 })).toContain('Messages 3 to 9 were deleted');
});

it('[PAGE-13] words about a group name it', () => {
  const targetId = 'group:news';
  expect(truncatedWords({ targetId, from: 3, to: 9 })).toContain('Messages 3 to 9 of news were deleted');
  expect(truncatedWords({ targetId, from: 3, to: 3, reason: 'membership' })).toBe(
    'Message 3 of news was sent while this client was not a member.',
  );
  const followed = { targetId, offset: 1, head: 1, recovered: true };
  expect(followedWords({ ...followed, cause: 'joined' })).toBe('Joined news. Its messages appear here.');
  expect(followedWords({ ...followed, cause: 'token' })).toBe('Messages of news appear here now.');
  for (const cause of ['left', 'token', 'unfollowed'] as const)
    expect(unfollowedWords({ targetId, cause })).toMatch(/^Left news\. .*\.$/);
});

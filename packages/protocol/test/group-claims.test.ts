import { describe, expect, it } from 'vitest';
import { mayFollow, readFollowClaim, readGroupsClaim } from '../src/group-claims.ts';

const NO_CLAIMS = [undefined, null, 'news', 7, {}, { news: true }, [], [[], {}, null, 7, 'a b', '']];

describe('claims about groups', () => {
  it('[PRO-7] groups: names, each once; bad entries are ignored', () => {
    expect(readGroupsClaim(['news', 'room-7', 'news', 'a b', '', 7, null, 'room-*', ['x']])).toEqual([
      'news',
      'room-7',
    ]);
    for (const claim of NO_CLAIMS) expect(readGroupsClaim(claim)).toEqual([]);
  });

  it('[PRO-7] follow: names, and beginnings that end with *', () => {
    const claim = readFollowClaim(['news', 'room-*', 'a b*', 'r**', 7, null, 'x*y']);
    for (const name of ['news', 'room-', 'room-7']) expect(mayFollow(claim, name), name).toBe(true);
    for (const name of ['new', 'newsletter', 'room', 'Room-7', 'a', 'r', 'xy', 'x', ''])
      expect(mayFollow(claim, name), name).toBe(false);
  });

  it('[PRO-7] follow: * alone is every group, and nothing usable is none', () => {
    expect(mayFollow(readFollowClaim(['*']), 'anything')).toBe(true);
    for (const claim of NO_CLAIMS) expect(mayFollow(readFollowClaim(claim), 'anything')).toBe(false);
  });
});

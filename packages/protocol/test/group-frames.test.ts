import { describe, expect, it } from 'vitest';
import {
  followedFrameSchema,
  followFrameSchema,
  identifyGroupsSchema,
  unfollowedFrameSchema,
  unfollowFrameSchema,
} from '../src/group-frames.ts';

describe('frames about groups', () => {
  it('[PRO-6] follow takes a group, alone or with a cursor', () => {
    const at = { id: '7', createdAt: '2026-11-23T00:00:00.000Z' };
    for (const frame of [
      { type: 'follow', targetId: 'group:room-7' },
      { type: 'follow', targetId: 'group:room-7', epoch: 'e', offset: 0 },
      { type: 'follow', targetId: 'group:room-7', epoch: 'e', offset: 41, at },
    ]) {
      expect(followFrameSchema.parse({ ...frame, unknown: 1 })).toEqual(frame);
    }
  });

  it.each([
    ['a client', { targetId: 'anna' }],
    ['a number', { targetId: 7 }],
    ['no target', {}],
    ['a group without a name', { targetId: 'group:' }],
    ['an id that is none', { targetId: 'group:a b' }],
    ['an offset without its epoch', { targetId: 'group:a', offset: 1 }],
    ['an epoch without its offset', { targetId: 'group:a', epoch: 'e' }],
    ['a negative offset', { targetId: 'group:a', epoch: 'e', offset: -1 }],
    ['an epoch too long', { targetId: 'group:a', epoch: 'e'.repeat(65), offset: 1 }],
  ])('[PRO-6] follow of %s is no frame', (_, fields) => {
    expect(followFrameSchema.safeParse({ type: 'follow', ...fields }).success).toBe(false);
  });

  it('[PRO-6] unfollow takes any target id: the relay answers for those that are not followed', () => {
    expect(unfollowFrameSchema.parse({ type: 'unfollow', targetId: 'group:a' }).targetId).toBe('group:a');
    expect(unfollowFrameSchema.parse({ type: 'unfollow', targetId: 1 }).targetId).toBe('1');
    expect(unfollowFrameSchema.safeParse({ type: 'unfollow', targetId: 'a b' }).success).toBe(false);
  });

  it('[PRO-6] identify asks for groups by true or false', () => {
    for (const value of [true, false, undefined]) expect(identifyGroupsSchema.parse(value)).toBe(value);
    for (const value of [1, 'true', null, ['news']])
      expect(identifyGroupsSchema.safeParse(value).success).toBe(false);
  });

  it('[PRO-4] followed and unfollowed name the target and the cause', () => {
    const followed = {
      type: 'followed',
      targetId: 'group:a',
      offset: 41,
      head: 57,
      recovered: true,
      cause: 'joined',
    };
    expect(followedFrameSchema.parse(followed)).toEqual(followed);
    expect(followedFrameSchema.safeParse({ ...followed, cause: 'left' }).success).toBe(false);
    const unfollowed = { type: 'unfollowed', targetId: 'group:a', cause: 'left' };
    expect(unfollowedFrameSchema.parse(unfollowed)).toEqual(unfollowed);
    expect(unfollowedFrameSchema.safeParse({ ...unfollowed, cause: 'joined' }).success).toBe(false);
  });
});

/** Limits on what a connection can follow and send. */
import { RelayClient } from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GroupServices, join, KINDS, send } from './group-services.ts';

const TOO_LARGE = 1009;
const FRAME_BYTES_MAX = 64 * 1024;

describe.each(KINDS)('bounds in open mode on $kind', ({ start }) => {
  let services: GroupServices;
  beforeAll(async () => {
    services = await start({ AUTH: 'open', FOLLOWED_GROUPS_MAX: '3', EVERYONE_GROUP: 'everyone' });
  });
  afterAll(async () => {
    await services.stop();
  });

  it('[FOL-4] [FOL-7] any group may be followed, up to the limit; stored groups come first', async () => {
    const { apiUrl, relayUrl } = services;
    const reader = await RelayClient.identified(relayUrl, { clientId: 'lea', groups: true });
    const follow = (group: string) => reader.send({ type: 'follow', targetId: `group:${group}` });
    follow('a');
    follow('b');
    follow('c');
    const error = await reader.frame('error');
    expect(error).toMatchObject({ code: 'too_many_targets', targetId: 'group:c' });
    await reader.frameOf('group:b', 'followed');
    await send(apiUrl, 'group:b', 'goes on');
    expect(await reader.textsOf('group:b', 1)).toEqual(['goes on']);
    reader.send({ type: 'unfollow', targetId: 'group:a' });
    await reader.frameOf('group:a', 'unfollowed');
    follow('c');
    await reader.frameOf('group:c', 'followed');
    await reader.close();

    for (const group of ['s1', 's2', 's3', 's4']) await join(apiUrl, group, 'mia');
    const member = await RelayClient.identified(relayUrl, { clientId: 'mia', groups: true });
    await member.settled();
    const identified = await member.frame('identified');
    const followed = Object.keys(identified['targets'] as object);
    expect(followed).toHaveLength(4);
    expect(followed).not.toContain('group:everyone');
    const errors = member.frames.filter(({ type }) => type === 'error');
    expect(errors.map(({ code }) => code)).toEqual(['too_many_targets', 'too_many_targets']);
    expect(errors.map(({ targetId }) => targetId)).toContain('group:everyone');
    await member.close();
  });

  it('[FOL-8] identify names 1,001 cursors of the longest names; any other frame is 64 KiB at most', async () => {
    const { relayUrl } = services;
    const first = await RelayClient.identified(relayUrl, { clientId: 'kim' });
    const epoch = String((await first.frame('identified'))['epoch']);
    await first.close();
    const offsets: Record<string, number> = { kim: 0 };
    for (let index = 0; index < 1_000; index += 1)
      offsets[`group:${String(index).padStart(4, '0')}${'n'.repeat(118)}`] = Number.MAX_SAFE_INTEGER;
    const reader = await RelayClient.identified(relayUrl, {
      clientId: 'kim',
      groups: true,
      resume: { epoch, offsets },
    });
    const { targets } = await reader.frame('identified');
    expect(Object.keys(targets as object).sort()).toEqual(['group:everyone', 'kim']);
    reader.send({ type: 'ping', padding: 'x'.repeat(FRAME_BYTES_MAX) });
    expect(await reader.closed()).toBe(TOO_LARGE);
    const large = await RelayClient.connect(relayUrl);
    large.send({ type: 'identify', clientId: 'kim', padding: 'x'.repeat(4 * FRAME_BYTES_MAX) });
    expect(await large.closed()).toBe(TOO_LARGE);
  });
});

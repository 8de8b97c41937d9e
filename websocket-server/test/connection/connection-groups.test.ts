import { randomBytes } from 'node:crypto';
import { signClientToken } from '@postline/client-tokens';
import { type Identify, RelayClient } from '@postline/test-support';
import { afterEach, describe, expect, it } from 'vitest';
import type { RelaySettings } from '../../src/configuration.ts';
import { nthFrame, startOf, wordsOf } from '../support/group-frames.ts';
import { startTestRelay, type TestRelay } from '../support/start-test-relay.ts';

const NEWS = 'group:news';

describe('groups of a client with a token', () => {
  let relay: TestRelay;

  async function start(settings: Partial<RelaySettings> = {}): Promise<void> {
    relay = await startTestRelay(settings);
  }

  afterEach(() => relay.close());

  const identified = (clientId: string, more: Partial<Identify> = {}) =>
    RelayClient.identified(relay.url, { clientId, groups: true, ...more });

  const secret = randomBytes(32).toString('base64');
  const required: Partial<RelaySettings> = {
    auth: 'required',
    clientTokens: { key: { kind: 'secret', secret }, issuer: undefined, audience: undefined },
  };
  const token = (clientId: string, claims: { groups?: string[]; follow?: string[] } = {}) =>
    signClientToken({ secret, clientId, expiresInSeconds: 600, ...claims });

  it('[FOL-1] the claim groups is followed, from the head', async () => {
    await start(required);
    await relay.append(NEWS, 'one');
    const ann = await identified('ann', {
      token: await token('ann', { groups: ['news', 'no group', ''] }),
    });
    expect(startOf(ann, NEWS)).toEqual({ offset: 1, head: 1, recovered: true });
    await relay.publish(NEWS, 'two');
    await ann.messagesOnceThereAre(1);
  });

  it('[FOL-4] follow: stored members, and what the claim follow allows; else forbidden, and it stays', async () => {
    await start(required);
    await relay.join('stored', 'ann', { history: 'all' });
    const ann = await RelayClient.identified(relay.url, {
      clientId: 'ann',
      token: await token('ann', { follow: ['room-*', 'lobby'] }),
    });
    for (const name of ['stored', 'room-7', 'lobby', 'lobby2', 'other'])
      ann.send({ type: 'follow', targetId: `group:${name}` });
    await nthFrame(ann, 'followed', 3);
    await nthFrame(ann, 'error', 2);
    const names = (type: string) =>
      ann.frames.filter((frame) => frame.type === type).map((frame) => frame['targetId']);
    expect(names('followed')).toEqual(['group:stored', 'group:room-7', 'group:lobby']);
    expect(names('error')).toEqual(['group:lobby2', 'group:other']);
    expect(ann.closeCode).toBeUndefined();
  });

  it('[FOL-4] a group that a member asked for ends with the membership', async () => {
    await start(required);
    await relay.join('news', 'ann');
    const ann = await RelayClient.identified(relay.url, { clientId: 'ann', token: await token('ann') });
    ann.send({ type: 'follow', targetId: NEWS });
    await ann.frame('followed');
    await relay.leave('news', 'ann');
    expect(await ann.frame('unfollowed')).toMatchObject({ targetId: NEWS, cause: 'left' });
  });

  it('[FOL-6] a token with other claims is applied at once', async () => {
    await start(required);
    await relay.join('stored', 'ann');
    const ann = await identified('ann', {
      token: await token('ann', { groups: ['old', 'both'], follow: ['*'] }),
    });
    ann.send({ type: 'follow', targetId: 'group:asked' });
    await ann.frame('followed');
    ann.send({ type: 'token', token: await token('ann', { groups: ['both', 'new'] }) });
    await nthFrame(ann, 'followed', 2);
    const changes = ann.frames.filter(({ type }) => type === 'followed' || type === 'unfollowed').slice(1);
    expect(changes.map((frame) => `${String(frame['targetId'])} ${wordsOf(frame)}`)).toEqual([
      'group:old unfollowed token',
      'group:asked unfollowed token',
      'group:new followed token',
    ]);
    await relay.publish('group:old', 'no');
    await relay.publish('group:asked', 'no');
    for (const name of ['both', 'new', 'stored']) await relay.publish(`group:${name}`, 'yes');
    const messages = await ann.messagesOnceThereAre(3);
    expect(messages.map(({ data }) => data)).toEqual(['yes', 'yes', 'yes']);
  });
});

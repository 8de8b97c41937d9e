import { type Identify, RelayClient, waitUntil } from '@postline/test-support';
import { afterEach, describe, expect, it } from 'vitest';
import type { RelaySettings } from '../../src/configuration.ts';
import { nthFrame, seen, startOf, wordsOf } from '../support/group-frames.ts';
import { startTestRelay, type TestRelay } from '../support/start-test-relay.ts';

const NEWS = 'group:news';

describe('groups', () => {
  let relay: TestRelay;

  async function start(settings: Partial<RelaySettings> = {}): Promise<void> {
    relay = await startTestRelay({ compareIntervalMs: 300, ...settings });
  }

  afterEach(() => relay.close());

  const identified = (clientId: string, more: Partial<Identify> = {}) =>
    RelayClient.identified(relay.url, { clientId, groups: true, ...more });

  describe('of stored members', () => {
    it('[FOL-1] are followed by a client that asks for them, and get its messages', async () => {
      await start();
      await relay.append(NEWS, 'before');
      await relay.join('news', ['ann', 'bob']);
      const [ann, bob, cid] = [await identified('ann'), await identified('bob'), await identified('cid')];
      await relay.publish(NEWS, 'one', 'two');
      await relay.publish('ann', 'for ann');
      await ann.messagesOnceThereAre(3);
      await bob.messagesOnceThereAre(2);
      await cid.settled();
      expect(startOf(ann, NEWS)).toEqual({ offset: 1, head: 1, recovered: true });
      expect(seen(ann, NEWS)).toEqual(['2 one', '3 two']);
      expect(seen(ann, 'ann')).toEqual(['1 for ann']);
      expect(seen(bob, NEWS)).toEqual(['2 one', '3 two']);
      expect(cid.messages()).toEqual([]);
    });

    it('[FOL-1] a client that does not ask for groups sees no change', async () => {
      await start({ everyoneGroup: 'all' });
      await relay.join('news', 'ann');
      const ann = await RelayClient.identified(relay.url, { clientId: 'ann' });
      await relay.join('room', 'ann');
      await relay.leave('news', 'ann');
      await relay.publish(NEWS, 'one');
      await relay.publish('ann', 'for ann');
      await ann.messagesOnceThereAre(1);
      expect(ann.frames).toMatchObject([
        { type: 'identified', targets: { ann: { offset: 0, head: 0, recovered: true } } },
        { type: 'new_message', data: 'for ann' },
      ]);
    });

    it('[FOL-3] a join while connected: followed, and everything since the join', async () => {
      await start();
      const ann = await identified('ann');
      await relay.append(NEWS, 'before');
      await relay.join('news', 'ann');
      await relay.append(NEWS, 'right after');
      expect(await ann.frame('followed')).toMatchObject({ targetId: NEWS, offset: 1, cause: 'joined' });
      await relay.publish(NEWS, 'later');
      await ann.messagesOnceThereAre(2);
      expect(seen(ann, NEWS)).toEqual(['followed joined', '2 right after', '3 later']);
    });

    it('[FOL-3] a join with history brings what was before', async () => {
      await start();
      await relay.append(NEWS, 'one', 'two', 'three');
      const [ann, bob] = [await identified('ann'), await identified('bob')];
      await relay.join('news', 'ann', { history: 'all' });
      await relay.join('news', 'bob', { history: { last: 1 } });
      await ann.messagesOnceThereAre(3);
      await bob.messagesOnceThereAre(1);
      expect(seen(ann, NEWS)).toEqual(['followed joined', '1 one', '2 two', '3 three']);
      expect(seen(bob, NEWS)).toEqual(['followed joined', '3 three']);
    });

    it('[FOL-3] a removal ends the group at once: unfollowed, and not one frame after it', async () => {
      await start();
      await relay.join('news', ['ann', 'bob']);
      const [ann, bob] = [await identified('ann'), await identified('bob')];
      await relay.publish(NEWS, 'one');
      await ann.messagesOnceThereAre(1);
      await relay.leave('news', 'ann');
      expect(await ann.frame('unfollowed')).toEqual({ type: 'unfollowed', targetId: NEWS, cause: 'left' });
      await relay.publish(NEWS, 'two', 'three');
      await bob.messagesOnceThereAre(3);
      await ann.settled();
      expect(seen(ann, NEWS)).toEqual(['1 one', 'unfollowed left']);
      ann.send({ type: 'ack', targetId: NEWS, offset: 1 });
      expect(await ann.frame('error')).toMatchObject({ code: 'bad_ack', targetId: NEWS });
    });

    it('[FOL-3] changes whose notice is lost are found by the comparison', async () => {
      await start();
      const ann = await identified('ann');
      await relay.join('news', 'ann', { notify: false });
      await ann.frame('followed');
      await relay.leave('news', 'ann', { notify: false });
      await ann.frame('unfollowed');
    });

    it('[FOL-3] who left and joined again before the relay looked: unfollowed, then followed at the new F', async () => {
      await start();
      await relay.join('news', 'ann');
      const ann = await identified('ann');
      await relay.leave('news', 'ann', { notify: false });
      await relay.append(NEWS, 'not for ann');
      await relay.join('news', 'ann');
      await relay.append(NEWS, 'for ann');
      await ann.messagesOnceThereAre(1);
      expect(seen(ann, NEWS)).toEqual(['unfollowed left', 'followed joined', '2 for ann']);
      expect(await ann.frame('followed')).toMatchObject({ offset: 1, head: expect.any(Number) });
    });

    it('[FOL-3] a client in many groups gets each of them from its own start', async () => {
      await start();
      const names = Array.from({ length: 300 }, (_, index) => `g${index}`);
      for (const name of names) await relay.join(name, 'ann');
      const ann = await identified('ann');
      expect(Object.keys((await ann.frame('identified'))['targets'] as object)).toHaveLength(301);
      await relay.publish('group:g7', 'seven');
      await relay.publish('group:g299', 'last');
      await ann.messagesOnceThereAre(2);
      expect(ann.messages().map(wordsOf)).toEqual(['1 seven', '1 last']);
    });
  });

  describe('by a follow frame', () => {
    it('[FOL-4] open mode: any group, from the head or a cursor', async () => {
      await start();
      await relay.append(NEWS, 'one', 'two');
      const ann = await RelayClient.identified(relay.url, { clientId: 'ann' });
      ann.send({ type: 'follow', targetId: NEWS });
      expect(await ann.frame('followed')).toEqual({
        type: 'followed',
        targetId: NEWS,
        offset: 2,
        head: 2,
        recovered: true,
        cause: 'followed',
      });
      await relay.publish(NEWS, 'three');
      await ann.messagesOnceThereAre(1);
      ann.send({ type: 'unfollow', targetId: NEWS });
      await ann.frame('unfollowed');
      ann.send({ type: 'follow', targetId: NEWS, epoch: await relay.epoch(), offset: 1 });
      await ann.messagesOnceThereAre(3);
      expect(seen(ann, NEWS)).toEqual([
        'followed followed',
        '3 three',
        'unfollowed unfollowed',
        'followed followed',
        '2 two',
        '3 three',
      ]);
    });

    it('[FOL-4] a group that is followed already: from the cursor, or where it is', async () => {
      await start();
      await relay.append(NEWS, 'one', 'two');
      await relay.join('news', 'ann', { history: 'all' });
      const ann = await identified('ann');
      ann.send({ type: 'follow', targetId: NEWS });
      expect(await ann.frame('followed')).toMatchObject({ offset: 2, head: 2, cause: 'followed' });
      ann.send({ type: 'follow', targetId: NEWS, epoch: await relay.epoch(), offset: 0 });
      await ann.messagesOnceThereAre(2);
      expect(seen(ann, NEWS)).toEqual(['followed followed', 'followed followed', '1 one', '2 two']);
    });

    it('[FOL-4] frames right behind identify are answered once it is', async () => {
      await start();
      const ann = await RelayClient.connect(relay.url);
      ann.send({ type: 'identify', clientId: 'ann' });
      ann.send({ type: 'follow', targetId: NEWS });
      ann.send({ type: 'unfollow', targetId: 'group:other' });
      await ann.frame('followed');
      expect(ann.frames.map(({ type }) => type)).toEqual(['identified', 'error', 'followed']);
    });

    it.each(['ann', 'group:', 'group:a b', 7])('[FOL-4] no group, %s: 4500', async (targetId) => {
      await start();
      const ann = await RelayClient.identified(relay.url, { clientId: 'ann' });
      ann.send({ type: 'follow', targetId });
      expect(await ann.closed()).toBe(4500);
    });

    it('[FOL-4] before identify: 4500', async () => {
      await start();
      const ann = await RelayClient.connect(relay.url);
      ann.send({ type: 'follow', targetId: NEWS });
      expect(await ann.closed()).toBe(4500);
    });

    it('[FOL-5] unfollow of what is not followed is an error; of oneself it is 4500', async () => {
      await start();
      const ann = await RelayClient.identified(relay.url, { clientId: 'ann' });
      ann.send({ type: 'unfollow', targetId: NEWS });
      expect(await ann.frame('error')).toMatchObject({ code: 'not_followed', targetId: NEWS });
      ann.send({ type: 'unfollow', targetId: 'bob' });
      expect(await nthFrame(ann, 'error', 2)).toMatchObject({ code: 'not_followed', targetId: 'bob' });
      ann.send({ type: 'unfollow', targetId: 'ann' });
      expect(await ann.closed()).toBe(4500);
    });

    it('[FOL-5] unfollow takes away a stored group too, until it is joined anew', async () => {
      await start();
      await relay.join('news', ['ann', 'bob']);
      const [ann, bob] = [await identified('ann'), await identified('bob')];
      ann.send({ type: 'unfollow', targetId: NEWS });
      await ann.frame('unfollowed');
      await relay.publish(NEWS, 'one');
      await bob.messagesOnceThereAre(1);
      await relay.leave('news', 'ann');
      await relay.join('news', 'ann');
      await ann.frame('followed');
      expect(seen(ann, NEWS)).toEqual(['unfollowed unfollowed', 'followed joined']);
    });
  });

  describe('[FOL-7] bounds', () => {
    const errors = ({ frames }: RelayClient) =>
      frames
        .filter(({ type }) => type === 'error')
        .map((frame) => `${String(frame['code'])} ${String(frame['targetId'])}`);

    it('a connection follows so many groups: stored ones first, then claims, then everyone', async () => {
      await start({ followedGroupsMax: 2, everyoneGroup: 'all' });
      await relay.join('a', 'ann');
      await relay.join('b', 'ann');
      await relay.join('c', 'ann');
      const ann = await identified('ann');
      ann.send({ type: 'follow', targetId: 'group:d' });
      await relay.join('e', 'ann');
      await nthFrame(ann, 'error', 4);
      expect(Object.keys((await ann.frame('identified'))['targets'] as object)).toEqual([
        'ann',
        'group:a',
        'group:b',
      ]);
      expect(errors(ann).toSorted()).toEqual(
        ['group:all', 'group:c', 'group:d', 'group:e'].map((id) => `too_many_targets ${id}`),
      );
      await relay.publish('group:b', 'goes on');
      await ann.messagesOnceThereAre(1);
      ann.send({ type: 'unfollow', targetId: 'group:a' });
      await ann.frame('unfollowed');
      ann.send({ type: 'follow', targetId: 'group:d' });
      await ann.frame('followed');
    });
  });

  it('[FOL-9] an ack of a group is stored, and its receipts are read', async () => {
    await start({ groupAckWriteIntervalMs: 100 });
    await relay.join('news', ['ann', 'bob'], { history: 'all' });
    const ann = await identified('ann', { deviceId: 'tv' });
    await relay.publish(NEWS, 'one', 'two');
    await ann.messagesOnceThereAre(2);
    ann.send({ type: 'ack', targetId: NEWS, offset: 3 });
    ann.send({ type: 'ack', targetId: NEWS, offset: 2 });
    await waitUntil('it is stored', async () => (await relay.receipts(NEWS)).length === 1);
    expect(await relay.receipts(NEWS)).toEqual(['tv: 2']);
    expect(await ann.frame('error')).toMatchObject({ code: 'bad_ack', targetId: NEWS });
  });

  it('[DEL-9] a new history closes the connection once; it resumes in all targets', async () => {
    await start();
    await relay.join('news', 'ann');
    await relay.append(NEWS, 'one');
    const ann = await identified('ann');
    await relay.replaceDatabase();
    expect(await ann.closed()).toBe(4003);
    expect(await relay.metric('postline_connections')).toBe(0);
  });
});

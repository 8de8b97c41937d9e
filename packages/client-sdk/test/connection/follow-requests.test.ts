import { waitUntil } from '@postline/test-support';
import { describe, expect, it } from 'vitest';
import { settle } from '../support/client-scene.ts';
import { groupFrame, messageFrame } from '../support/fake-relay.ts';
import { followed, groupAt, GroupScene, NEWS, ROOM, unfollowed } from '../support/group-scene.ts';

function refusal(code: string, targetId: string) {
  return { type: 'error', code, message: 'no', targetId };
}

describe('follow and unfollow', () => {
  const scene = GroupScene.forEachTest();

  it('[SDK-20] reports groups that are joined and left, and nothing of a group after it was left', async () => {
    scene.start({ groups: true });
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send(followed(NEWS, 7, { cause: 'joined' }), groupFrame(NEWS, 8));
    await scene.handles(`${NEWS} 8`);
    expect(scene.events).toEqual([{ targetId: NEWS, offset: 7, head: 7, recovered: true, cause: 'joined' }]);
    first.send(unfollowed(NEWS, 'left'), groupFrame(NEWS, 9), messageFrame(1));
    await scene.handles(`${NEWS} 8`, '1 1');
    expect(scene.events.at(-1)).toEqual({ targetId: NEWS, cause: 'left' });
    expect(scene.client.targets).toEqual(['1']);
    first.send(followed(NEWS, 12, { cause: 'joined' }), groupFrame(NEWS, 13));
    await scene.handles(`${NEWS} 8`, '1 1', `${NEWS} 13`);
    expect(scene.errors).toEqual([]);
  });

  it('[SDK-20] follow starts at a cursor, resolves when the relay has confirmed it, and is repeated on each connection', async () => {
    scene.start();
    const first = await scene.live();
    const answer = scene.client.follow(ROOM, { cursor: { epoch: 'e1', offset: 40 } });
    expect(await first.received('follow')).toEqual([
      { type: 'follow', targetId: ROOM, epoch: 'e1', offset: 40 },
    ]);
    first.send(followed(ROOM, 40), groupFrame(ROOM, 41));
    await answer;
    await scene.handles(`${ROOM} 41`);
    const second = await scene.reconnect(first, 2);
    const identify = await second.identified();
    expect(identify).not.toHaveProperty('groups');
    const [again] = await second.received('follow');
    expect(again).toMatchObject({ type: 'follow', targetId: ROOM, epoch: 'e1', offset: 41 });
    expect(again?.['at']).toMatchObject({ id: '1041' });
    second.send(followed(ROOM, 41), groupFrame(ROOM, 42));
    await scene.handles(`${ROOM} 41`, `${ROOM} 42`);
    // To the application the group was followed all the time.
    expect(scene.events).toEqual([
      { targetId: ROOM, offset: 40, head: 40, recovered: true, cause: 'followed' },
    ]);
    expect(await second.received('ack')).toEqual([{ type: 'ack', targetId: ROOM, offset: 41 }]);
  });

  it('[SDK-20] an ack of a group waits until the new connection follows it', async () => {
    scene.start();
    const first = await scene.live();
    void scene.client.follow(ROOM);
    await first.received('follow');
    first.send(followed(ROOM), groupFrame(ROOM, 1));
    await scene.handles(`${ROOM} 1`);
    const second = await scene.reconnect(first, 2);
    await second.identified();
    await second.received('follow');
    scene.environment.advance(500);
    await settle();
    expect(second.frames.map(({ type }) => type)).toEqual(['identify', 'follow']);
    second.send(followed(ROOM, 1));
    expect(await second.received('ack')).toEqual([{ type: 'ack', targetId: ROOM, offset: 1 }]);
  });

  it('[SDK-20] follow waits for a connection, and continues from the stored cursor', async () => {
    scene.start({ cursorStore: { load: () => ({ epoch: 'e1', offsets: { '1': 3, [ROOM]: 5 } }) } });
    const answer = scene.client.follow(ROOM);
    const first = await scene.relay.connection(1);
    await first.identified({ offset: 3, head: 3 });
    expect(await first.received('follow')).toEqual([
      { type: 'follow', targetId: ROOM, epoch: 'e1', offset: 5 },
    ]);
    first.send(followed(ROOM, 5));
    await answer;
  });

  it('[SDK-20] unfollow holds at once and on later connections, even for a member', async () => {
    scene.start({ groups: true });
    const groups = { [NEWS]: groupAt(0) };
    const first = await scene.relay.connection(1);
    await first.identified({}, 'e1', groups);
    await scene.inState('live');
    const answer = scene.client.unfollow(NEWS);
    expect(await first.received('unfollow')).toEqual([{ type: 'unfollow', targetId: NEWS }]);
    first.send(unfollowed(NEWS));
    await answer;
    expect(scene.events).toEqual([{ targetId: NEWS, cause: 'unfollowed' }]);
    const second = await scene.reconnect(first, 2);
    await second.identified({}, 'e1', groups);
    second.send(groupFrame(NEWS, 1), messageFrame(1));
    await scene.handles('1 1');
    expect(await second.received('unfollow')).toHaveLength(1);
    second.send(unfollowed(NEWS));
    await settle();
    const third = await scene.reconnect(second, 3);
    await third.identified({ offset: 1, head: 1 });
    await scene.inState('live');
    expect(scene.client.targets).toEqual(['1']);
    expect(scene.events).toHaveLength(1);
  });

  it('[SDK-20] unfollow without a connection holds at once', async () => {
    scene.start();
    const first = await scene.live();
    void scene.client.follow(ROOM);
    await first.received('follow');
    first.send(followed(ROOM));
    await waitUntil('it is followed', () => scene.client.targets.length === 2);
    first.cut();
    await scene.inState('waiting');
    await scene.client.unfollow(ROOM);
    expect(scene.events.at(-1)).toEqual({ targetId: ROOM, cause: 'unfollowed' });
    scene.environment.advance(1_000);
    const second = await scene.relay.connection(2);
    await second.identified();
    await scene.inState('live');
    await settle();
    expect(second.frames.map(({ type }) => type)).toEqual(['identify']);
  });

  it.each(['forbidden', 'too_many_targets'])(
    '[SDK-20] %s about a target reaches the caller',
    async (code) => {
      scene.start();
      const first = await scene.relay.connection(1);
      await first.identified();
      await scene.inState('live');
      const answer = scene.client.follow(ROOM);
      await first.received('follow');
      first.send(refusal(code, ROOM));
      const error = { name: 'PostlineError', code: 'relay_error', relayCode: code, targetId: ROOM };
      await expect(answer).rejects.toMatchObject(error);
      expect(scene.errors).toMatchObject([{ ...error, message: `relay error (${code} ${ROOM}): no` }]);
      await (await scene.reconnect(first, 2)).identified();
      await scene.inState('live');
      await settle();
      expect(scene.relay.connections[1]?.frames.map(({ type }) => type)).toEqual(['identify']);
    },
  );

  it('[SDK-20] not_followed rejects unfollow, and bad_ack is only an event', async () => {
    scene.start();
    const first = await scene.live();
    const answer = scene.client.unfollow(ROOM);
    await first.received('unfollow');
    first.send(refusal('bad_ack', ROOM), refusal('not_followed', ROOM));
    await expect(answer).rejects.toMatchObject({ relayCode: 'not_followed', targetId: ROOM });
    expect(scene.errors).toHaveLength(2);
  });

  it('[SDK-20] a group that a new connection may not follow any more is reported as left', async () => {
    scene.start();
    const first = await scene.live();
    const answer = scene.client.follow(ROOM);
    await first.received('follow');
    first.send(followed(ROOM));
    await answer;
    const second = await scene.reconnect(first, 2);
    await second.identified();
    await second.received('follow');
    second.send(refusal('forbidden', ROOM));
    await waitUntil('it is reported', () => scene.events.length === 2);
    expect(scene.events[1]).toEqual({ targetId: ROOM, cause: 'token' });
    expect(scene.client.targets).toEqual(['1']);
  });

  it('[SDK-20] a group that was left while there was no connection is reported on the next one', async () => {
    scene.start({ groups: true });
    const first = await scene.relay.connection(1);
    await first.identified({}, 'e1', { [NEWS]: groupAt(0) });
    await scene.inState('live');
    const second = await scene.reconnect(first, 2);
    await second.identified({}, 'e1', { [ROOM]: groupAt(0) });
    await scene.inState('live');
    expect(scene.events).toEqual([{ targetId: NEWS, cause: 'left' }]);
    expect(scene.client.targets).toEqual(['1', ROOM]);
  });

  it.each(['room-7', '1', 'group:', 'group:a b', `group:${'x'.repeat(123)}`, 7 as unknown as string])(
    '[SDK-20] %j is refused without a frame: the relay would close the connection',
    async (targetId) => {
      scene.start();
      const first = await scene.relay.connection(1);
      await first.identified();
      await scene.inState('live');
      const error = { code: 'invalid_target', targetId };
      await expect(scene.client.follow(targetId)).rejects.toMatchObject(error);
      await expect(scene.client.unfollow(targetId)).rejects.toMatchObject(error);
      const cursor = { epoch: 'e1', offset: -1 };
      await expect(scene.client.follow(ROOM, { cursor })).rejects.toMatchObject({ code: 'invalid_target' });
      expect(first.frames).toHaveLength(1);
    },
  );

  it('[SDK-20] the later of two opposite calls counts, and close ends all that wait', async () => {
    scene.start();
    const superseded = scene.client.follow(ROOM);
    await scene.client.unfollow(ROOM);
    await expect(superseded).rejects.toMatchObject({ code: 'aborted', targetId: ROOM });
    const waiting = scene.client.follow(NEWS);
    await scene.client.close();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    await expect(scene.client.follow(NEWS)).rejects.toMatchObject({ code: 'aborted' });
  });
});

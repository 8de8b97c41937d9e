import { waitUntil } from '@postline/test-support';
import { describe, expect, it } from 'vitest';
import type { Cursor } from '../../src/cursor/cursor.ts';
import { memoryCursorStore } from '../../src/cursor/cursor-stores.ts';
import type { Restart, Truncation } from '../../src/message.ts';
import { settle } from '../support/client-scene.ts';
import { groupFrame, messageFrame } from '../support/fake-relay.ts';
import { followed, groupAt, GroupScene, NEWS, ROOM, unfollowed } from '../support/group-scene.ts';

describe('cursors of groups', () => {
  const scene = GroupScene.forEachTest();

  it('[SDK-20] asks for the groups of the client, keeps a cursor in each, and acks each', async () => {
    const store = memoryCursorStore();
    const saved: Cursor[] = [];
    scene.start({
      groups: true,
      cursorStore: { ...store, save: (cursor, owner) => (saved.push(cursor), store.save?.(cursor, owner)) },
    });
    const first = await scene.relay.connection(1);
    const groups = { [NEWS]: groupAt(40, 41) };
    expect(await first.identified({}, 'e1', groups)).toEqual({
      type: 'identify',
      clientId: '1',
      groups: true,
    });
    first.send(groupFrame(NEWS, 41), messageFrame(1));
    await scene.handles(`${NEWS} 41`, '1 1');
    expect(scene.client.targets).toEqual(['1', NEWS]);
    expect(scene.events).toEqual([]);
    expect(saved.at(-1)).toMatchObject({ epoch: 'e1', offsets: { '1': 1, [NEWS]: 41 } });
    scene.environment.advance(500);
    const acks = await first.received('ack', 2);
    expect(acks).toContainEqual({ type: 'ack', targetId: NEWS, offset: 41 });
    await scene.client.close();
    scene.start({ groups: true, cursorStore: store });
    const identify = await (await scene.relay.connection(2)).identified();
    expect(identify['resume']).toMatchObject({ epoch: 'e1', offsets: { '1': 1, [NEWS]: 41 } });
  });

  it('[SDK-20] drops messages that wait for the handler when their group is left', async () => {
    scene.start({ groups: true });
    let finish: () => void = () => undefined;
    scene.client.on('message', () => new Promise<void>((resolve) => (finish = resolve)));
    const first = await scene.relay.connection(1);
    await first.identified({}, 'e1', { [NEWS]: groupAt(0) });
    first.send(groupFrame(NEWS, 1), groupFrame(NEWS, 2), groupFrame(NEWS, 3));
    await scene.handles(`${NEWS} 1`);
    first.send(unfollowed(NEWS, 'left'), messageFrame(1));
    await waitUntil('it has left', () => scene.events.length === 1);
    finish();
    await scene.handles(`${NEWS} 1`, '1 1');
    finish();
    scene.environment.advance(500);
    await settle();
    // The message that was at its handler counts as handled: a later membership continues after it.
    expect((await (await scene.reconnect(first, 2)).identified())['resume']).toMatchObject({
      offsets: { '1': 1, [NEWS]: 1 },
    });
  });

  it('[SDK-20] a cursor of a log that was restarted is reported for its target alone', async () => {
    scene.start();
    const restarts: Restart[] = [];
    scene.client.on('restarted', (restart) => restarts.push(restart));
    const first = await scene.live();
    const answer = scene.client.follow(ROOM, { cursor: { epoch: 'e0', offset: 9 } });
    await first.received('follow');
    first.send(followed(ROOM, 4, { recovered: false }), groupFrame(ROOM, 5));
    await answer;
    await scene.handles(`${ROOM} 5`);
    expect(restarts).toEqual([{ targetId: ROOM, epoch: 'e1', lostOffset: 9, offset: 4 }]);
  });

  it('[SDK-20] after a restart of the logs a group resumes from its cursor of the old epoch', async () => {
    scene.start();
    const first = await scene.live();
    void scene.client.follow(ROOM, { cursor: { epoch: 'e1', offset: 9 } });
    await first.received('follow');
    first.send(followed(ROOM, 9));
    await waitUntil('it is followed', () => scene.client.targets.length === 2);
    const second = await scene.reconnect(first, 2);
    await second.identified({ recovered: false }, 'e2');
    expect(await second.received('follow')).toEqual([
      { type: 'follow', targetId: ROOM, epoch: 'e1', offset: 9 },
    ]);
  });

  it('[SDK-20] messages from before a membership are reported as truncated with the reason', async () => {
    scene.start({ groups: true });
    const truncated: Truncation[] = [];
    scene.client.on('truncated', (truncation) => truncated.push(truncation));
    const first = await scene.relay.connection(1);
    await first.identified({}, 'e1', { [NEWS]: groupAt(2, 9) });
    first.send(
      { type: 'truncated', targetId: NEWS, from: 3, to: 8, reason: 'membership' },
      groupFrame(NEWS, 9),
    );
    await scene.handles(`${NEWS} 9`);
    expect(truncated).toEqual([{ targetId: NEWS, from: 3, to: 8, reason: 'membership' }]);
  });

  it('[SDK-20] a store that knows one target works with groups', async () => {
    const saved: Cursor[] = [];
    const cursorStore = {
      load: () => ({ epoch: 'e1', offsets: { '1': 4 } }),
      save: ({ epoch, offsets }: Cursor) => void saved.push({ epoch, offsets: { '1': offsets['1'] ?? 0 } }),
    };
    scene.start({ groups: true, cursorStore });
    const first = await scene.relay.connection(1);
    const identify = await first.identified({ offset: 4, head: 4 }, 'e1', {
      [NEWS]: groupAt(6, 7),
    });
    expect(identify['resume']).toEqual({ epoch: 'e1', offsets: { '1': 4 }, at: {} });
    first.send(groupFrame(NEWS, 7), messageFrame(5));
    await scene.handles(`${NEWS} 7`, '1 5');
    expect(saved.at(-1)).toEqual({ epoch: 'e1', offsets: { '1': 5 } });
  });

  it('[SDK-20] keeps at most 1,001 cursors, and those of followed targets first', async () => {
    const offsets = Object.fromEntries(Array.from({ length: 1_500 }, (_, index) => [`group:${index}`, 1]));
    scene.start({
      groups: true,
      cursorStore: { load: () => ({ epoch: 'e1', offsets: { '1': 3, ...offsets } }) },
    });
    const first = await scene.relay.connection(1);
    const { resume } = await first.identified({ offset: 3, head: 3 }, 'e1', {
      [NEWS]: groupAt(7),
    });
    expect(Object.keys((resume as Cursor).offsets)).toHaveLength(1_001);
    await scene.inState('live');
    const again = await (await scene.reconnect(first, 2)).identified({ offset: 3, head: 3 });
    const kept = (again['resume'] as Cursor).offsets;
    expect(Object.keys(kept)).toHaveLength(1_001);
    expect(kept).toMatchObject({ '1': 3, [NEWS]: 7 });
  });
});

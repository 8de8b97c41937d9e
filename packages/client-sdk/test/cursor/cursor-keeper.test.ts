import { waitUntil } from '@postline/test-support';
import { describe, expect, it } from 'vitest';
import type { Cursor } from '../../src/cursor/cursor.ts';
import { memoryCursorStore } from '../../src/cursor/cursor-stores.ts';
import type { Restart } from '../../src/message.ts';
import { ClientScene } from '../support/client-scene.ts';
import { messageFrame } from '../support/fake-relay.ts';

describe('cursors and acks', () => {
  const scene = ClientScene.forEachTest();

  it('[SDK-12] sends acks together, and keeps those that could not be sent', async () => {
    scene.start();
    scene.handle();
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send(messageFrame(1), messageFrame(2));
    await scene.handled(1, 2);
    scene.environment.advance(500);
    expect(await first.received('ack')).toEqual([{ type: 'ack', targetId: '1', offset: 2 }]);
    first.send(messageFrame(3));
    await scene.handled(1, 2, 3);
    first.cut();
    await scene.inState('waiting');
    scene.environment.advance(1_000);
    const second = await scene.relay.connection(2);
    await second.identified({ offset: 3, head: 3 });
    expect(await second.received('ack')).toEqual([{ type: 'ack', targetId: '1', offset: 3 }]);
  });

  it('[SDK-12] with last-ack it resumes after the last ack of its device', async () => {
    scene.start({ cursorStore: 'last-ack', deviceId: 'kiosk' });
    const restarts: Restart[] = [];
    scene.client.on('restarted', (restart) => restarts.push(restart));
    scene.handle();
    const first = await scene.relay.connection(1);
    const identify = await first.identified({ offset: 3, head: 4, recovered: false });
    expect(identify).toMatchObject({ deviceId: 'kiosk', resume: 'last-ack' });
    first.send(messageFrame(4));
    await scene.handled(4);
    expect(restarts).toEqual([{ targetId: '1', epoch: 'e1', lostOffset: undefined, offset: 3 }]);
    first.cut();
    await scene.inState('waiting');
    scene.environment.advance(1_000);
    const again = await (await scene.relay.connection(2)).identified({ offset: 4, head: 4 });
    expect(again).toMatchObject({ deviceId: 'kiosk', resume: { offsets: { '1': 4 } } });
  });

  it('[SDK-11] resumes from the stored cursor, and retries if loading fails', async () => {
    let attempts = 0;
    scene.start({
      cursorStore: {
        load: (owner) => {
          attempts += 1;
          if (attempts === 1) return Promise.reject(new Error('away'));
          expect(owner).toEqual({ clientId: '1', relayUrl: scene.relay.url });
          return Promise.resolve({ epoch: 'e1', offsets: { '1': 41 } });
        },
        save: () => Promise.reject(new Error('full')),
      },
    });
    scene.handle();
    await scene.inState('waiting');
    expect(scene.errors).toMatchObject([{ code: 'cursor_store_failed' }]);
    scene.environment.advance(1_000);
    const first = await scene.relay.connection(1);
    expect(await first.identified({ offset: 41, head: 42 })).toMatchObject({
      resume: { offsets: { '1': 41 } },
    });
    first.send(messageFrame(42));
    await scene.handled(42);
    expect(scene.errors.length).toBeGreaterThan(1);
  });

  const markOf = (offset: number) => ({ id: String(1_000 + offset), createdAt: '2026-11-25T12:00:00.000Z' });

  it('[SDK-19] sends the mark of its cursor on a reconnect and from its store', async () => {
    const store = memoryCursorStore();
    scene.start({ cursorStore: store });
    scene.handle();
    const first = await scene.relay.connection(1);
    await first.identified();
    first.send(messageFrame(1), messageFrame(2));
    await scene.handled(1, 2);
    first.cut();
    await scene.inState('waiting');
    scene.environment.advance(1_000);
    const resume = { epoch: 'e1', offsets: { '1': 2 }, at: { '1': markOf(2) } };
    const second = await scene.relay.connection(2);
    expect((await second.identified({ offset: 2, head: 3 }))['resume']).toEqual(resume);
    await scene.inState('catching-up');
    await scene.client.close();
    scene.start({ cursorStore: store });
    const third = await scene.relay.connection(3);
    expect((await third.identified({ offset: 2, head: 3 }))['resume']).toEqual(resume);
  });

  it('[SDK-19] sends no mark for an offset that the relay set, or whose message was deleted', async () => {
    const kept: Cursor[] = [];
    scene.start({
      cursorStore: {
        load: () => ({ epoch: 'e1', offsets: { '1': 7 }, at: { '1': markOf(7) } }),
        save: (cursor) => void kept.push(cursor),
      },
    });
    scene.handle();
    const first = await scene.relay.connection(1);
    const identify = await first.identified({ offset: 0, head: 7, recovered: false });
    expect(identify['resume']).toMatchObject({ at: { '1': markOf(7) } });
    await waitUntil('it is kept', () => kept.length === 1);
    expect(kept[0]).toEqual({ epoch: 'e1', offsets: { '1': 0 }, at: {} });
    first.send({ type: 'truncated', targetId: '1', from: 1, to: 5 });
    await waitUntil('it is kept', () => kept.length === 2);
    first.cut();
    await scene.inState('waiting');
    scene.environment.advance(1_000);
    const second = await scene.relay.connection(2);
    expect((await second.identified({ offset: 5, head: 7 }))['resume']).toEqual({
      epoch: 'e1',
      offsets: { '1': 5 },
      at: {},
    });
    second.send(messageFrame(6));
    await waitUntil('it is kept', () => kept.at(-1)?.at?.['1']);
    expect(kept.at(-1)).toEqual({ epoch: 'e1', offsets: { '1': 6 }, at: { '1': markOf(6) } });
  });

  it('[SDK-19] a store without marks works, and so does one with invalid marks', async () => {
    for (const [index, at] of [undefined, null, 5, { '1': 'x' }, { '1': { id: 7 } }].entries()) {
      scene.start({ cursorStore: { load: () => ({ epoch: 'e1', offsets: { '1': 4 }, at }) as Cursor } });
      const connection = await scene.relay.connection(index + 1);
      expect((await connection.identified({ offset: 4, head: 4 }))['resume']).toEqual({
        epoch: 'e1',
        offsets: { '1': 4 },
        at: {},
      });
      await scene.inState('live');
      await scene.client.close();
    }
  });
});

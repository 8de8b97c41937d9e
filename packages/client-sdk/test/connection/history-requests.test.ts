import { describe, expect, it } from 'vitest';
import { PostlineClientBase } from '../../src/postline-client-base.ts';
import type { HistoryQuery } from '../../src/node.ts';
import { settle } from '../support/client-scene.ts';
import { type FakeConnection, messageFrame } from '../support/fake-relay.ts';
import { groupAt, GroupScene, NEWS, ROOM } from '../support/group-scene.ts';

/** The relay's answer to the nth request (1, 2, …) of a connection. */
async function answer(connection: FakeConnection, number: number, ...offsets: number[]): Promise<unknown> {
  const request = (await connection.received('history', number))[number - 1] ?? {};
  const messages = offsets.map((offset) => {
    const { type, epoch, ...entry } = messageFrame(offset);
    return entry;
  });
  const { requestId, targetId } = request;
  connection.send({ type: 'history', requestId, targetId, messages, truncatedBefore: null });
  return request;
}

describe('history', () => {
  const scene = GroupScene.forEachTest();

  it('[SDK-25] requests earlier messages, and changes neither cursor nor stream', async () => {
    scene.start();
    const first = await scene.live();
    const newest = scene.client.history();
    expect(await answer(first, 1, 8, 9)).toEqual({
      type: 'history',
      requestId: expect.any(String),
      targetId: '1',
      limit: 50,
    });
    const entry = { id: '1008', targetId: '1', createdAt: '2026-11-25T12:00:00.000Z' };
    expect(await newest).toEqual({
      messages: [
        { ...entry, offset: 8, data: 'text 8', epoch: 'e1', missed: false },
        expect.objectContaining({ offset: 9 }),
      ],
      truncatedBefore: null,
    });
    const earlier = scene.client.history({ target: 1, before: 8, limit: 2 });
    expect(await answer(first, 2)).toMatchObject({ targetId: '1', before: 8, limit: 2 });
    expect(await earlier).toEqual({ messages: [], truncatedBefore: null });
    first.send(messageFrame(1));
    await scene.handles('1 1');
    expect(first.frames.map(({ type }) => type)).toEqual(['identify', 'history', 'history']);
  });

  it('[SDK-25] sends one request at a time, and again on the next connection', async () => {
    scene.start({ groups: true });
    const own = scene.client.history();
    const group = scene.client.history({ target: NEWS });
    const first = await scene.live({ [NEWS]: groupAt(3) });
    await first.received('history');
    await settle();
    expect(await first.received('history')).toHaveLength(1);
    const second = await scene.reconnect(first, 2);
    await second.identified({}, 'e1', { [NEWS]: groupAt(3) });
    await answer(second, 1, 4);
    expect((await own).messages.map(({ offset }) => offset)).toEqual([4]);
    expect(await answer(second, 2, 5)).toMatchObject({ targetId: NEWS });
    expect((await group).messages.map(({ offset }) => offset)).toEqual([5]);
  });

  it('[SDK-25] rejects with the relay’s error, which is no event, and sends the next request', async () => {
    scene.start();
    const first = await scene.live();
    const refused = scene.client.history({ target: ROOM });
    const next = scene.client.history();
    const [{ requestId } = {}] = await first.received('history');
    first.send({ type: 'error', code: 'not_followed', message: 'no', targetId: ROOM, requestId });
    await expect(refused).rejects.toMatchObject({
      name: 'PostlineError',
      code: 'relay_error',
      relayCode: 'not_followed',
      targetId: ROOM,
    });
    await answer(first, 2, 1);
    expect((await next).messages).toHaveLength(1);
    expect(scene.errors).toEqual([]);
  });

  it.each([
    { limit: 0 },
    { limit: 201 },
    { limit: '5' },
    { before: 0 },
    { before: 1.5 },
    { target: 'somebody' },
    { target: 'group:' },
    { targetId: '1' },
  ])('[SDK-25] %j is rejected and not sent', async (query) => {
    scene.start();
    const first = await scene.live();
    await expect(scene.client.history(query as HistoryQuery)).rejects.toMatchObject({
      name: 'PostlineError',
      code: 'invalid_request',
      message: expect.stringContaining(Object.keys(query)[0] ?? ''),
    });
    await settle();
    expect(first.frames).toHaveLength(1);
  });

  it('[SDK-25] a closed client rejects what waits and what comes later; at most 100 requests wait', async () => {
    scene.start();
    const waiting = Array.from({ length: 100 }, () => scene.client.history());
    await expect(scene.client.history()).rejects.toMatchObject({ code: 'invalid_request' });
    const ends = waiting.map((request) => expect(request).rejects.toMatchObject({ code: 'aborted' }));
    await scene.client.close();
    await Promise.all(ends);
    await expect(scene.client.history()).rejects.toMatchObject({ code: 'aborted' });
  });

  it('[SDK-25] messages that cannot be parsed are reported and left out', async () => {
    const numbers = new PostlineClientBase<number>(
      {
        url: scene.relay.url,
        clientId: 1,
        parse: (text) => {
          if (text === 'text 2') throw new Error('not that');
          return text.length;
        },
      },
      scene.environment,
    );
    scene.client = numbers as unknown as PostlineClientBase;
    const failed: unknown[] = [];
    numbers.on('error', ({ code, failedMessage }) => failed.push([code, failedMessage?.offset]));
    const first = await scene.live();
    const page = numbers.history();
    await answer(first, 1, 1, 2, 30);
    expect((await page).messages.map(({ data }) => data)).toEqual([6, 7]);
    expect(failed).toEqual([['parse_failed', 2]]);
  });
});

describe('the start of a stream', () => {
  const scene = GroupScene.forEachTest();

  it.each(['start', { last: 50 }] as const)(
    '[SDK-25] resume %j holds until there is a cursor',
    async (resume) => {
      scene.start({ resume });
      const first = await scene.relay.connection(1);
      expect(await first.identified({ offset: 3, head: 4 })).toMatchObject({ resume });
      first.send(messageFrame(4));
      await scene.handles('1 4');
      const second = await scene.reconnect(first, 2);
      expect(await second.identified({ offset: 4, head: 4 })).toMatchObject({
        resume: { epoch: 'e1', offsets: { '1': 4 } },
      });
    },
  );

  it('[SDK-25] a stored cursor, or the last ack of the device, comes before the start', async () => {
    const cursor = { epoch: 'e1', offsets: { '1': 7 } };
    scene.start({ resume: 'start', cursorStore: { load: () => cursor } });
    expect(await (await scene.relay.connection(1)).identified({ offset: 7, head: 7 })).toMatchObject({
      resume: cursor,
    });
  });
});

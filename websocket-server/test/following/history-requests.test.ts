import { RelayClient } from '@postline/test-support';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Connection } from '../../src/connection/connection.ts';
import { Feed } from '../../src/feeds/feed.ts';
import { HeadReader } from '../../src/feeds/head-reader.ts';
import { Follower } from '../../src/following/follower.ts';
import { RelayCounters } from '../../src/metrics/relay-counters.ts';
import { WriteTurn } from '../../src/socket/write-turn.ts';
import { believing } from '../support/model-history.ts';
import { connectionOn, RecordingHost } from '../support/model-host.ts';
import { ModelSocket } from '../support/model-socket.ts';
import { databaseAway } from '../support/model-store.ts';
import { startTestRelay, type TestRelay } from '../support/start-test-relay.ts';

const NEWS = 'group:news';
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const offsetsOf = (frame: Readonly<Record<string, unknown>> | undefined) =>
  (frame?.['messages'] as { offset: number }[] | undefined)?.map(({ offset }) => offset);

describe('history frames of a relay', () => {
  let relay: TestRelay;
  beforeEach(async () => {
    relay = await startTestRelay();
  });
  afterEach(() => relay.close());

  const ask = async (client: RelayClient, fields: Readonly<Record<string, unknown>>) => {
    const known = client.frames.length;
    client.send({ type: 'history', ...fields });
    await client.settled();
    return await vi.waitFor(() => {
      const answer = client.frames.slice(known).find((frame) => frame['requestId'] === fields['requestId']);
      if (answer === undefined) throw new Error('no answer yet');
      return answer;
    }, 15_000);
  };

  it('[HIS-1] the newest messages, and those before an offset, as entries of a page of the API', async () => {
    await relay.append('1', ...range(1, 60).map((number) => `m${number}`));
    const client = await RelayClient.identified(relay.url, { clientId: 1 });
    const newest = await ask(client, { requestId: 'a', limit: 2 });
    expect(newest).toEqual({
      type: 'history',
      requestId: 'a',
      targetId: '1',
      messages: [59, 60].map((offset) => ({
        id: expect.stringMatching(/^\d+$/),
        targetId: '1',
        offset,
        data: `m${offset}`,
        createdAt: expect.stringMatching(/Z$/),
      })),
      truncatedBefore: null,
    });
    expect(offsetsOf(await ask(client, { requestId: 'b', targetId: 1 }))).toEqual(range(11, 60));
    const first = await ask(client, { requestId: 'c', targetId: '1', before: 11, limit: 200 });
    expect([offsetsOf(first), first['truncatedBefore']]).toEqual([range(1, 10), null]);
    expect(offsetsOf(await ask(client, { requestId: 'd', before: 1 }))).toEqual([]);
    expect(offsetsOf(await ask(client, { requestId: 'e', before: 10_000, limit: 1 }))).toEqual([60]);
    expect(client.messages()).toEqual([]);
    await relay.publish('1', 'm61');
    expect((await client.messagesOnceThereAre(1)).map(({ offset }) => offset)).toEqual([61]);
  });

  it('[HIS-2] a target that is not followed gets an error with its requestId, and the connection stays', async () => {
    const client = await RelayClient.identified(relay.url, { clientId: 1 });
    for (const targetId of ['2', NEWS]) {
      expect(await ask(client, { requestId: `about ${targetId}`, targetId })).toMatchObject({
        type: 'error',
        code: 'not_followed',
        targetId,
      });
    }
    expect(offsetsOf(await ask(client, { requestId: 'own' }))).toEqual([]);
  });

  it('[HIS-3] a member reads its group from its join on, everybody else all of it', async () => {
    await relay.append(NEWS, ...range(1, 5).map(String));
    expect(await relay.join('news', 'ann')).toBe(5);
    await relay.append(NEWS, '6', '7');
    const ann = await RelayClient.identified(relay.url, { clientId: 'ann', groups: true });
    const page = await ask(ann, { requestId: 'a', targetId: NEWS });
    expect([offsetsOf(page), page['truncatedBefore']]).toEqual([[6, 7], 6]);
    const before = await ask(ann, { requestId: 'b', targetId: NEWS, before: 3 });
    expect([offsetsOf(before), before['truncatedBefore']]).toEqual([[], 6]);

    const ben = await RelayClient.identified(relay.url, { clientId: 'ben' });
    ben.send({ type: 'follow', targetId: NEWS });
    await ben.frame('followed');
    expect(offsetsOf(await ask(ben, { requestId: 'c', targetId: NEWS }))).toEqual(range(1, 7));
    await relay.leave('news', 'ann');
    await ann.frame('unfollowed');
    expect(await ask(ann, { requestId: 'd', targetId: NEWS })).toMatchObject({ code: 'not_followed' });
  });

  it('[HIS-4] before the identify it is a bad frame; while that is worked on it waits', async () => {
    const early = await RelayClient.connect(relay.url);
    early.send({ type: 'history', requestId: 'a' });
    expect(await early.closed()).toBe(4500);
    await relay.append('1', 'm1');
    const client = await RelayClient.connect(relay.url);
    client.send({ type: 'identify', clientId: 1 });
    client.send({ type: 'history', requestId: 'a' });
    expect(offsetsOf(await client.frame('history'))).toEqual([1]);
    expect(client.frames.map(({ type }) => type)).toEqual(['identified', 'history']);
  });

  it('[HIS-4] a wrong limit or before closes with 4500', async () => {
    for (const wrong of [{ limit: 0 }, { limit: 201 }, { before: -1 }, { before: 'head' }]) {
      const client = await RelayClient.identified(relay.url, { clientId: 1 });
      client.send({ type: 'history', requestId: 'a', ...wrong });
      expect(await client.closed()).toBe(4500);
    }
  });

  it('[HIS-5] large messages: as many as fit, the newest, and a reader goes on before the first', async () => {
    const texts = range(1, 12).map((number) => `${number} `.padEnd(60_000, 'x'));
    await relay.append('1', ...texts);
    const client = await RelayClient.identified(relay.url, { clientId: 1 });
    const read: unknown[] = [];
    for (let before: number | undefined; before !== 1; ) {
      const page = await ask(client, { requestId: `r${before}`, before, limit: 200 });
      const offsets = offsetsOf(page) ?? [];
      expect(offsets.length).toBeLessThan(5);
      expect(page['truncatedBefore']).toBe(null);
      read.unshift(...(page['messages'] as { data: string }[]).map(({ data }) => data));
      before = offsets[0] ?? 1;
    }
    expect(read).toEqual(texts);
  });
});

describe('HistoryRequests', () => {
  let host: RecordingHost;
  let socket: ModelSocket;
  let connection: Connection;
  let follower: Follower;

  beforeEach(() => {
    vi.useFakeTimers();
    host = new RecordingHost();
  });
  afterEach(() => vi.useRealTimers());

  /** A follower of a target, at its head. */
  async function followerOf(targetId: string): Promise<Follower> {
    const { store, logReader } = host;
    const counters = new RelayCounters();
    const heads = new HeadReader(store);
    const feed = new Feed({ targetId, counters, heads, turn: new WriteTurn(), ...believing() });
    feed.askDatabase();
    await settle();
    const feeds = { release: () => undefined };
    return new Follower({
      feed,
      feeds,
      socket,
      logReader,
      counters,
      reader: { id: 'c', clientId: '1' },
      cursor: feed.head,
    });
  }

  /** A connection that follows its own target, on a socket that is full after so many frames. */
  async function follow(capacity?: number): Promise<void> {
    ({ socket, connection } = connectionOn(host, new ModelSocket(capacity)));
    follower = await followerOf('1');
    connection.onText('{"type":"identify","clientId":1}');
    connection.startFollowing({ clientId: '1', deviceId: undefined, epoch: 'epoch-1' }, [follower], []);
  }

  const ask = (requestId: string, targetId = '1') => {
    connection.onText(JSON.stringify({ type: 'history', requestId, targetId, limit: 3 }));
  };
  const settle = () => vi.advanceTimersByTimeAsync(1_000);
  const answers = () => socket.frames().map(({ requestId, code }) => [requestId, code ?? 'ok']);

  it('[HIS-6] one is answered at a time, eight wait, and more are refused', async () => {
    host.store.appendMany('1', 5);
    await follow();
    let underWay = 0;
    let mostUnderWay = 0;
    host.store.beforeRead = async () => {
      mostUnderWay = Math.max(mostUnderWay, (underWay += 1));
      await new Promise((resolve) => setTimeout(resolve, 10));
      underWay -= 1;
    };
    for (const requestId of range(1, 11)) ask(`r${requestId}`);
    expect(answers()).toEqual([
      ['r10', 'too_many_requests'],
      ['r11', 'too_many_requests'],
    ]);
    expect(socket.frames()[0]).toMatchObject({ type: 'error', targetId: '1' });
    await settle();
    expect(answers().slice(2)).toEqual(range(1, 9).map((requestId) => [`r${requestId}`, 'ok']));
    expect(mostUnderWay).toBe(1);
  });

  it('[HIS-7] while the database is away it waits, and is answered when that is back', async () => {
    host.store.appendMany('1', 5);
    await follow();
    host.store.beforeRead = databaseAway;
    ask('a');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(answers()).toEqual([]);
    host.store.beforeRead = () => Promise.resolve();
    await settle();
    expect(offsetsOf(socket.frames()[0])).toEqual([3, 4, 5]);
  });

  it('[HIS-7] it ends at once with its target, and with its connection', async () => {
    await follow();
    const group = await followerOf(NEWS);
    connection.addFollower(group, []);
    host.store.beforeRead = () => new Promise(() => undefined); // frozen
    ask('a', NEWS);
    ask('b', NEWS);
    await settle();
    connection.removeFollower(group);
    await vi.advanceTimersByTimeAsync(0);
    expect(answers()).toEqual([
      ['a', 'not_followed'],
      ['b', 'not_followed'],
    ]);
    await follow();
    host.store.beforeRead = () => new Promise(() => undefined);
    ask('a');
    connection.onClosed();
    await settle();
    expect([answers(), vi.getTimerCount()]).toEqual([[], 0]);
  });

  it('[HIS-8] for a socket that is full nothing is read, and no page is kept', async () => {
    host.store.appendMany('1', 5);
    await follow(1);
    ask('a');
    ask('b');
    await settle();
    expect([answers(), host.store.earlierQueries.length]).toEqual([[['a', 'ok']], 1]);
    socket.drain();
    await settle();
    expect(answers()).toEqual([
      ['a', 'ok'],
      ['b', 'ok'],
    ]);
  });

  it('[HIS-8] a page is cut to the room of the socket, and then says nothing about its beginning', async () => {
    host.store.appendMany('1', 5);
    host.store.deleteUpTo('1', 3);
    await follow();
    ask('a');
    await settle();
    socket.room = 1;
    ask('b');
    await settle();
    const pages = socket.frames().map((frame) => [offsetsOf(frame), frame['truncatedBefore']]);
    expect(pages).toEqual([
      [[4, 5], 4],
      [[5], null],
    ]);
  });

  it('[HIS-9] an answer of a server that is behind, or of another history, is not sent', async () => {
    host.store.appendMany('1', 5);
    await follow();
    host.store.rewind(2);
    ask('a');
    await settle();
    expect(answers()).toEqual([]);
    host.store.appendMany('1', 2);
    await settle();
    expect(offsetsOf(socket.frames()[0])).toEqual([3, 4, 5]);
    expect(follower.cursor).toBe(5);
  });
});

import { decodeEnvelope } from '@postline/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Feed } from '../../src/feeds/feed.ts';
import { Follower } from '../../src/following/follower.ts';
import type { HeadReader } from '../../src/feeds/head-reader.ts';
import { LogReader } from '../../src/following/log-reader.ts';
import type { RelayCounters } from '../../src/metrics/relay-counters.ts';
import { modelFeed } from '../support/model-feed.ts';
import type { ModelHistory } from '../support/model-history.ts';
import { ModelSocket } from '../support/model-socket.ts';
import { databaseAway, type ModelStore } from '../support/model-store.ts';

describe('Follower', () => {
  let store: ModelStore;
  let counters: RelayCounters;
  let heads: HeadReader;
  let feed: Feed;
  const feeds = { release: () => undefined };
  let history: ModelHistory;

  beforeEach(() => {
    vi.useFakeTimers();
    ({ store, counters, heads, history, feed } = modelFeed());
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const settle = () => vi.advanceTimersByTimeAsync(0);

  /** The feed learns the head as the database has it. */
  async function look(): Promise<void> {
    const known = feed.position;
    const answer = heads.read('1');
    await settle();
    feed.onReading(await answer, known);
    await settle();
  }

  function follow(cursor: number, capacity?: number) {
    const socket = new ModelSocket(capacity);
    const logReader = new LogReader({ store, counters, parallelReads: 2 });
    const follower = new Follower({
      feed,
      feeds,
      socket,
      logReader,
      counters,
      reader: { id: 'c', clientId: '1' },
      cursor,
    });
    follower.join();
    return { socket, follower };
  }

  function hint(): void {
    feed.onHint(decodeEnvelope('1', store.append('1'))!);
  }

  it('[MET-2] counts the delay of what came while a client was connected, not of what it had missed', async () => {
    store.appendMany('1', 3);
    await look();
    follow(0);
    follow(3);
    await settle();
    hint();
    await settle();
    counters.sendDelays.onWritten();
    expect(counters.messagesSent).toBe(3 + 2);
    expect([counters.sendDelays.fromHints.count, counters.sendDelays.fromLog.count]).toEqual([2, 0]);
    store.append('1'); // its hint is lost
    await look();
    await settle();
    expect([counters.sendDelays.fromHints.count, counters.sendDelays.fromLog.count]).toEqual([2, 2]);
  });

  it('[DEL-2] at the head a hint goes straight out, as it came', async () => {
    await look();
    const { socket, follower } = follow(0);
    hint();
    hint();
    expect(socket.offsets()).toEqual([1, 2]);
    expect(follower.cursor).toBe(2);
    expect(store.logQueries).toEqual([]);
  });

  it('[DEL-2] hints of one turn go straight out to all that are at the head', async () => {
    await look();
    const [one, other] = [follow(0), follow(0)];
    hint();
    hint();
    await settle();
    expect([one.socket.offsets(), other.socket.offsets()]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect([one.follower.cursor, counters.messagesSent, store.logQueries]).toEqual([2, 4, []]);
  });

  it('[DEL-5] who joins while hints gather gets each offset once', async () => {
    await look();
    follow(0);
    follow(0);
    hint();
    hint();
    const [before, between, behind] = [follow(0), follow(1), follow(2)];
    hint();
    await settle();
    hint();
    await settle();
    expect(before.socket.offsets()).toEqual([1, 2, 3, 4]);
    expect(between.socket.offsets()).toEqual([2, 3, 4]);
    expect(behind.socket.offsets()).toEqual([3, 4]);
  });

  it('[DEL-10] a full socket is given nothing of a fan-out, and catches up from the log', async () => {
    await look();
    const [full, other] = [follow(0, 1), follow(0)];
    hint();
    await settle();
    hint();
    await settle();
    expect([full.socket.offsets(), other.socket.offsets()]).toEqual([[1], [1, 2]]);
    full.socket.drain();
    full.follower.chase();
    await settle();
    expect(full.socket.offsets()).toEqual([1, 2]);
  });

  it('[DEL-4] behind the head the log is read from the cursor, page by page', async () => {
    store.appendMany('1', 1_000);
    await look();
    const { socket } = follow(123);
    await vi.advanceTimersByTimeAsync(20); // a page takes a turn
    expect(socket.offsets()).toEqual(Array.from({ length: 877 }, (_, index) => 124 + index));
    expect(store.logQueries[0]).toMatchObject({ targetId: '1', afterOffset: 123, limit: 64 });
  });

  it('[DEL-2] hints that come while the log is read neither repeat nor get lost', async () => {
    store.appendMany('1', 3);
    await look();
    store.beforeAnswer = () => new Promise((answer) => setTimeout(answer, 10));
    const { socket } = follow(0);
    await vi.advanceTimersByTimeAsync(5);
    hint();
    hint();
    expect(socket.sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(30);
    expect(socket.offsets()).toEqual([1, 2, 3, 4, 5]);
  });

  it('[DEL-10] a full socket is sent nothing, costs no read, and gets everything once it drains', async () => {
    await look();
    const { socket, follower } = follow(0, 2);
    socket.connection = undefined;
    for (let count = 0; count < 50; count += 1) hint();
    await settle();
    expect(socket.offsets()).toEqual([1, 2]);
    expect(store.logQueries).toEqual([]);
    for (let round = 0; round < 50; round += 1) {
      socket.drain();
      follower.chase();
      await settle();
    }
    expect(socket.offsets()).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  it('[DEL-10] a page is cut where the socket has enough, and large messages make pages small', async () => {
    const large = 'x'.repeat(60_000);
    for (let count = 0; count < 100; count += 1) store.append('1', large);
    await look();
    const { socket, follower } = follow(0, 1);
    for (let round = 0; round < 60; round += 1) {
      await settle();
      socket.drain();
      follower.chase();
    }
    expect(socket.offsets()).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(store.logQueries.map(({ limit }) => limit).slice(0, 3)).toEqual([64, 2, 2]);
    expect(Math.max(...store.logQueries.map(({ limit }) => limit))).toBe(64);
  });

  it('[DEL-17] after small messages a page of large ones is bounded all the same, and what is not sent is not encoded', async () => {
    store.appendMany('1', 300);
    for (let count = 0; count < 40; count += 1) store.append('1', '\u0001'.repeat(40_000));
    await look();
    const { socket, follower } = follow(0, 1);
    const encode = vi.spyOn(JSON, 'stringify');
    for (let round = 0; round < 80; round += 1) {
      await settle();
      socket.drain();
      follower.chase();
    }
    const encoded = encode.mock.calls.length;
    encode.mockRestore();
    expect(socket.offsets()).toEqual(Array.from({ length: 340 }, (_, index) => index + 1));
    expect(Math.max(...store.logQueries.map(({ limit }) => limit))).toBe(256);
    expect(encoded).toBeLessThanOrEqual(340 + 10);
  });

  it('[DEL-18] a follower that leaves takes back what it waits for', async () => {
    store.appendMany('1', 3);
    await look();
    let release: () => void = () => undefined;
    store.beforeRead = () => new Promise((go) => (release = go));
    const logReader = new LogReader({ store, counters, parallelReads: 1 });
    const followers = [0, 1, 2].map((cursor) => {
      const socket = new ModelSocket();
      const follower = new Follower({
        feed,
        feeds,
        socket,
        logReader,
        counters,
        reader: { id: 'c', clientId: '1' },
        cursor,
      });
      follower.join();
      return follower;
    });
    await settle();
    for (const follower of followers) follower.leave();
    expect(logReader.waiting).toBe(0);
    release();
    await settle();
    expect(store.logQueries.map(({ afterOffset }) => afterOffset)).toEqual([0]);
  });

  it('[DEL-12] a hole before the remaining messages is reported first', async () => {
    store.appendMany('1', 5);
    store.deleteUpTo('1', 3);
    await look();
    const { socket } = follow(1);
    await settle();
    expect(socket.frames()).toMatchObject([
      { type: 'truncated', targetId: '1', from: 2, to: 3 },
      { type: 'new_message', offset: 4 },
      { type: 'new_message', offset: 5 },
    ]);
    expect(counters.truncationsSent).toBe(1);
  });

  it('[DEL-12] where nothing is left the hole goes up to the head, and the stream goes on after it', async () => {
    store.appendMany('1', 5);
    store.deleteUpTo('1', 5);
    await look();
    const { socket } = follow(2);
    await settle();
    hint();
    expect(socket.frames()).toMatchObject([
      { type: 'truncated', from: 3, to: 5 },
      { type: 'new_message', offset: 6 },
    ]);
  });

  it('[DEL-9] a restarted log: an error, 4003, and not another frame of it', async () => {
    store.appendMany('1', 3);
    await look();
    const { socket, follower } = follow(3);
    store.restart(0);
    await look();
    expect(socket.frames()).toMatchObject([{ type: 'error', code: 'log_restarted' }]);
    expect(socket.closedWith?.code).toBe(4003);
    hint();
    follower.chase();
    await settle();
    expect(socket.sent).toHaveLength(1);
  });

  it('[DEL-9] a page of another epoch is not sent; the database is asked what happened', async () => {
    store.appendMany('1', 3);
    await look();
    const { socket } = follow(0);
    store.restart(0);
    await settle();
    expect(socket.offsets()).toEqual([]);
    expect(socket.closedWith?.code).toBe(4003);
  });

  it('[EPO-4] a head that the log does not have is put before the server that takes the writes', async () => {
    await look();
    const { socket } = follow(0, 1);
    const forged = { targetId: '1', epoch: store.epoch, id: '9', createdAt: '', frame: '{}' };
    feed.onHint({ ...forged, offset: 1 });
    feed.onHint({ ...forged, offset: 2 });
    socket.drain();
    feed.askDatabase();
    await settle();
    expect(history.doubts).toMatchObject([{ offset: 2, mark: { id: '9' } }]);
    expect(socket.closedWith).toBeUndefined();
  });

  it('[DEL-16] a read that fails leaves everything as it was; the next comparison starts it again', async () => {
    store.appendMany('1', 3);
    await look();
    store.beforeRead = databaseAway;
    const { socket, follower } = follow(0);
    await settle();
    expect([socket.sent, follower.cursor]).toEqual([[], 0]);
    store.beforeRead = () => Promise.resolve();
    follower.chase(); // as each comparison makes it
    await settle();
    expect(socket.offsets()).toEqual([1, 2, 3]);
  });

  it('nothing is sent after it left, also of what was being read', async () => {
    store.appendMany('1', 3);
    await look();
    store.beforeAnswer = () => new Promise((answer) => setTimeout(answer, 10));
    const { socket, follower } = follow(0);
    await vi.advanceTimersByTimeAsync(5);
    follower.leave();
    await vi.advanceTimersByTimeAsync(20);
    hint();
    follower.chase();
    await vi.advanceTimersByTimeAsync(20);
    expect(socket.sent).toEqual([]);
    expect(store.logQueries).toHaveLength(1);
  });
});

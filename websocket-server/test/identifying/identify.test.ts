import type { RowMark } from '@postline/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Feeds } from '../../src/feeds/feeds.ts';
import { createIdentifyWorld } from '../support/identify-world.ts';
import type { ModelBus } from '../support/model-bus.ts';
import { databaseAway, type ModelStore } from '../support/model-store.ts';

describe('identify', () => {
  let store: ModelStore;
  let bus: ModelBus;
  let feeds: Feeds;
  let failures: unknown[];
  let connect: ReturnType<typeof createIdentifyWorld>['connect'];

  beforeEach(() => {
    vi.useFakeTimers();
    ({ store, bus, feeds, failures, connect } = createIdentifyWorld());
  });

  afterEach(async () => {
    expect(failures).toEqual([]);
    await feeds.close();
    vi.useRealTimers();
  });

  /** Every feed is given back: a while later none is left. */
  async function expectNoFeedLeft(): Promise<void> {
    await vi.advanceTimersByTimeAsync(6_000);
    feeds.directory.closeUnused();
    expect(feeds.directory.size).toBe(0);
  }

  it('[DEL-1] reports where the stream starts, then starts there', async () => {
    store.appendMany('1', 3);
    const { socket } = connect({ epoch: 'epoch-1', offsets: { '1': 1, '2': 7 } });
    await vi.advanceTimersByTimeAsync(10);
    expect(socket.frames()[0]).toEqual({
      type: 'identified',
      clientId: '1',
      connectionId: 'connection-1',
      epoch: 'epoch-1',
      heartbeatSeconds: 25,
      targets: { '1': { offset: 1, head: 3, recovered: true } },
    });
    expect(socket.offsets()).toEqual([2, 3]);
  });

  it('[DEL-1] the reported head is read after the frame arrived, not taken from the feed', async () => {
    store.appendMany('1', 3);
    connect();
    await vi.advanceTimersByTimeAsync(10);
    store.append('1'); // its hint is lost
    const { socket } = connect({ epoch: 'epoch-1', offsets: { '1': 4 } });
    await vi.advanceTimersByTimeAsync(10);
    expect(socket.frames()[0]).toMatchObject({ targets: { '1': { offset: 4, head: 4, recovered: true } } });
  });

  it('[DEL-1] misses nothing that is written between the subscription and the answer', async () => {
    store.beforeAnswer = () => new Promise((answer) => setTimeout(answer, 50));
    const { socket } = connect();
    await vi.advanceTimersByTimeAsync(20);
    bus.deliver('1', store.append('1'));
    await vi.advanceTimersByTimeAsync(300);
    expect(socket.frames()[0]).toMatchObject({ targets: { '1': { offset: 0 } } });
    expect(socket.offsets()).toEqual([1]);
  });

  it.each<[string, 'start' | { last: number }, number]>([
    ['everything that is kept', 'start', 2],
    ['the last messages', { last: 2 }, 3],
    ['more than there are', { last: 100 }, 0],
  ])('[DEL-20] a client may ask for %s', async (_what, resume, offset) => {
    store.appendMany('1', 5);
    store.deleteUpTo('1', 2);
    const { socket } = connect(resume);
    await vi.advanceTimersByTimeAsync(10);
    expect(socket.frames()[0]).toMatchObject({ targets: { '1': { offset, head: 5, recovered: true } } });
    expect(socket.offsets()).toEqual(offset === 3 ? [4, 5] : [3, 4, 5]);
  });

  it('[DEL-16] waits while the database is away, and is answered soon after it is back', async () => {
    store.beforeRead = databaseAway;
    const { socket } = connect();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([socket.sent, socket.isOpen]).toEqual([[], true]);
    store.beforeRead = () => Promise.resolve();
    await vi.advanceTimersByTimeAsync(600);
    expect(socket.frames()).toMatchObject([{ type: 'identified' }]);
  });

  it('[DEL-9] is about one log also where the epoch changes while it is read', async () => {
    store.appendMany('1', 5);
    connect();
    await vi.advanceTimersByTimeAsync(10);
    store.restart(0);
    const { socket } = connect({ epoch: 'epoch-1', offsets: { '1': 5 } });
    await vi.advanceTimersByTimeAsync(10);
    store.append('1');
    await vi.advanceTimersByTimeAsync(4_000);
    expect(socket.frames()).toMatchObject([
      { type: 'identified', epoch: 'epoch-2', targets: { '1': { offset: 5, recovered: false } } },
      { type: 'new_message', epoch: 'epoch-2', offset: 6 },
    ]);
  });

  it('[ACK-4] the last ack of the device is where its stream goes on', async () => {
    store.appendMany('1', 5);
    await store.saveAcks([{ clientId: '1', deviceId: 'tv', targetId: '1', epoch: 'epoch-1', offset: 3 }]);
    const { socket } = connect('last-ack', 'tv');
    await vi.advanceTimersByTimeAsync(10);
    expect(socket.frames()[0]).toMatchObject({ targets: { '1': { offset: 3, head: 5, recovered: true } } });
    expect(socket.offsets()).toEqual([4, 5]);
  });

  it('[ACK-4] an ack of a moment ago counts, whatever is being written', async () => {
    store.appendMany('1', 5);
    const first = connect({ epoch: 'epoch-1', offsets: { '1': 0 } }, 'tv');
    await vi.advanceTimersByTimeAsync(10);
    store.beforeAnswer = () => new Promise((answer) => setTimeout(answer, 100));
    first.connection.onText('{"type":"ack","offset":2}');
    await vi.advanceTimersByTimeAsync(260); // that one is under way now
    first.connection.onText('{"type":"ack","offset":4}');
    first.connection.onClosed();
    const { socket } = connect('last-ack', 'tv');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(socket.frames()[0]).toMatchObject({ targets: { '1': { offset: 4, recovered: true } } });
  });

  it('[ACK-4] the baseline of a device that has none is stored before identified goes out', async () => {
    store.appendMany('1', 5);
    store.beforeAnswer = () => new Promise((answer) => setTimeout(answer, 50));
    const { socket } = connect('last-ack', 'tv');
    await vi.advanceTimersByTimeAsync(60);
    expect(store.lastAck('1', 'tv')).toEqual({ epoch: 'epoch-1', offset: 5 });
    expect(socket.sent).toEqual([]);
    bus.deliver('1', store.append('1'));
    await vi.advanceTimersByTimeAsync(300);
    expect(socket.frames()[0]).toMatchObject({ targets: { '1': { offset: 5, recovered: true } } });
    expect(socket.offsets()).toEqual([6]);
  });

  const startOf = (socket: { frames(): Record<string, unknown>[] }) =>
    (socket.frames()[0]?.['targets'] as Record<string, unknown> | undefined)?.['1'];

  it('[DEL-4] a cursor whose row was replaced is rejected, for its own client only', async () => {
    store.appendMany('1', 3);
    const [first, , third] = (await store.readLog({ targetId: '1', afterOffset: 0, limit: 3 })).messages;
    const mark = ({ id, createdAt }: RowMark) => ({ id, createdAt });
    const resume = (offset: number, at: RowMark) => ({
      epoch: 'epoch-1',
      offsets: { '1': offset },
      at: { '1': mark(at) },
    });
    const right = connect(resume(1, first!));
    const rightAtHead = connect(resume(3, third!));
    const wrong = connect(resume(1, third!));
    const wrongAtHead = connect(resume(3, first!));
    await vi.advanceTimersByTimeAsync(100);
    expect([right, rightAtHead, wrong, wrongAtHead].map(({ socket }) => startOf(socket))).toEqual([
      { offset: 1, head: 3, recovered: true },
      { offset: 3, head: 3, recovered: true },
      { offset: 0, head: 3, recovered: false },
      { offset: 0, head: 3, recovered: false },
    ]);
    expect(store.doubts).toEqual([]); // what a client says never begins an epoch
    expect(right.socket.isOpen).toBe(true);
  });

  it('[EPO-6] a cursor that only a new connection to the database knows goes on', async () => {
    store.appendMany('1', 5);
    const stale = { head: 3, epochStart: 0 };
    const { epoch } = store;
    store.readHeads = () => Promise.resolve({ epoch, databaseTimeMs: 0, heads: new Map([['1', stale]]) });
    const { socket } = connect({ epoch, offsets: { '1': 5 } });
    await vi.advanceTimersByTimeAsync(100);
    expect(startOf(socket)).toEqual({ offset: 5, head: 5, recovered: true });
    expect(socket.isOpen).toBe(true);
  });

  it('[EPO-4] [EPO-5] a client that was closed with 4003 gets recovered:false, even if new rows have caught up with its cursor', async () => {
    store.appendMany('1', 8);
    const connected = connect();
    await vi.advanceTimersByTimeAsync(3_100);
    store.rewind(3);
    await vi.advanceTimersByTimeAsync(3_100);
    expect(connected.socket.closedWith?.code).toBe(4003);
    store.appendMany('1', 4);
    const { socket } = connect({ epoch: 'epoch-1', offsets: { '1': 8 } });
    await vi.advanceTimersByTimeAsync(200);
    expect(startOf(socket)).toEqual({ offset: 0, head: 9, recovered: false });
    expect(socket.offsets()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('[EPO-6] a head below the known one is not trusted while the server that takes the writes contradicts it', async () => {
    store.appendMany('1', 5);
    const connected = connect();
    await vi.advanceTimersByTimeAsync(100);
    const readHeads = store.readHeads.bind(store);
    let stale = true;
    store.readHeads = async (targetIds) => {
      const answer = await readHeads(targetIds);
      return stale ? { ...answer, heads: new Map([['1', { head: 2, epochStart: 0 }]]) } : answer;
    };
    const settleHistory = store.settleHistory.bind(store);
    store.settleHistory = async (doubt) => {
      const finding = await settleHistory(doubt);
      stale = false; // as its connections are made anew
      return finding;
    };
    const second = connect({ epoch: 'epoch-1', offsets: { '1': 4 } });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(startOf(second.socket)).toEqual({ offset: 4, head: 5, recovered: true });
    expect([connected.socket.isOpen, second.socket.isOpen]).toEqual([true, true]);
    expect(store.doubts).toHaveLength(1);
  });

  it('[EPO-7] while the history is undecided no connection is closed, and new ones wait', async () => {
    store.appendMany('1', 5);
    const connected = connect();
    await vi.advanceTimersByTimeAsync(100);
    store.rewind(2);
    const settleHistory = store.settleHistory.bind(store);
    store.settleHistory = () => Promise.resolve({ kind: 'read-only' });
    const second = connect({ epoch: 'epoch-1', offsets: { '1': 4 } });
    await vi.advanceTimersByTimeAsync(20_000);
    expect([connected.socket.isOpen, second.socket.isOpen, second.socket.sent]).toEqual([true, true, []]);
    store.settleHistory = settleHistory;
    await vi.advanceTimersByTimeAsync(4_000);
    expect(connected.socket.closedWith?.code).toBe(4003);
    expect(startOf(second.socket)).toEqual({ offset: 0, head: 3, recovered: false });
  });

  it('[ACK-6] a last ack of another epoch starts over, with recovered:false', async () => {
    store.appendMany('1', 5);
    await store.saveAcks([{ clientId: '1', deviceId: 'tv', targetId: '1', epoch: 'epoch-1', offset: 4 }]);
    store.restart(2);
    store.appendMany('1', 1);
    const { socket } = connect('last-ack', 'tv');
    await vi.advanceTimersByTimeAsync(100);
    expect(socket.frames()[0]).toMatchObject({
      epoch: 'epoch-2',
      targets: { '1': { offset: 3, head: 4, recovered: false } },
    });
    expect(socket.offsets()).toEqual([4]);
  });

  it('[ACK-4] [DEL-16] a last ack waits while the database is away', async () => {
    store.appendMany('1', 2);
    store.beforeRead = databaseAway;
    const { socket } = connect('last-ack', 'tv');
    await vi.advanceTimersByTimeAsync(60_000);
    expect([socket.sent, socket.isOpen]).toEqual([[], true]);
    store.beforeRead = () => Promise.resolve();
    await vi.advanceTimersByTimeAsync(600);
    expect(socket.frames()).toMatchObject([{ type: 'identified', targets: { '1': { offset: 2 } } }]);
  });

  it('[DEL-4] with its own cursor a device’s acks are not read', async () => {
    connect({ epoch: 'epoch-1', offsets: { '1': 0 } }, 'tv');
    await vi.advanceTimersByTimeAsync(10);
    expect(store.openings).toEqual([]);
  });

  it.each([
    ['while the bus confirms', 10],
    ['while the database is asked', 60],
    ['after it was answered', 200],
  ])('holds nothing of a client that goes away %s', async (_when, afterMs) => {
    bus.confirmMs = 50;
    store.beforeRead = () => new Promise((go) => setTimeout(go, 50));
    const { connection, socket } = connect();
    await vi.advanceTimersByTimeAsync(afterMs);
    socket.terminate();
    connection.onClosed();
    await expectNoFeedLeft();
  });

  it('holds nothing of clients that went away while the database was', async () => {
    store.beforeRead = databaseAway;
    const connected = Array.from({ length: 100 }, () => connect());
    await vi.advanceTimersByTimeAsync(2_000);
    for (const { connection, socket } of connected) {
      socket.terminate();
      connection.onClosed();
    }
    await expectNoFeedLeft();
    const queries = store.headQueries.length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(store.headQueries).toHaveLength(queries);
  });
});

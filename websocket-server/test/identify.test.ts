import { createLogger } from '@postline/service-runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AckWriter } from '../src/ack-writer.ts';
import type { ConnectionHost } from '../src/connection.ts';
import { type Delivery, startDelivery } from '../src/delivery.ts';
import { DeviceOpener } from '../src/device-opener.ts';
import { identify } from '../src/identify.ts';
import { RelayCounters } from '../src/relay-counters.ts';
import { WriteTurn } from '../src/socket/write-turn.ts';
import { ModelBus } from './support/model-bus.ts';
import { connectionOn } from './support/model-host.ts';
import { databaseAway, ModelStore } from './support/model-store.ts';
import { TEST_SETTINGS } from './support/relay-settings.ts';
import { NEVER_DISCONNECTED } from './support/never-disconnected.ts';
import { quietHealth } from './support/quiet-health.ts';

describe('identify', () => {
  let store: ModelStore;
  let bus: ModelBus;
  let delivery: Delivery;
  let failures: unknown[];
  let host: ConnectionHost;

  beforeEach(() => {
    vi.useFakeTimers();
    store = new ModelStore();
    bus = new ModelBus();
    failures = [];
    const counters = new RelayCounters();
    const logger = createLogger({ service: 'test', level: 'silent' });
    const health = quietHealth();
    const storing = health.databaseActivity('Storing acks');
    delivery = startDelivery({
      store,
      bus,
      settings: TEST_SETTINGS,
      counters,
      turn: new WriteTurn(),
      health,
    });
    const acks = new AckWriter({ store, counters, logger, storing, intervalMs: 250, waitingMax: 100 });
    const options = {
      ...delivery,
      acks,
      devices: new DeviceOpener(store),
      disconnects: NEVER_DISCONNECTED,
      counters,
      heartbeatSeconds: 25,
    };
    host = {
      incomingBounds: { framesMax: 100, bytesMax: 10_000 },
      acks,
      identify: (connection, frame) => {
        identify(connection, { frame, token: undefined }, options).catch((error: unknown) =>
          failures.push(error),
        );
      },
      renewToken: () => undefined,
      releaseFeed: (feed) => {
        delivery.feeds.release(feed);
      },
      forget: () => undefined,
      watchStalled: () => undefined,
    };
  });

  afterEach(async () => {
    expect(failures).toEqual([]);
    await delivery.close();
    vi.useRealTimers();
  });

  function connect(
    resume?: 'last-ack' | { epoch: string; offsets: Readonly<Record<string, number>> },
    deviceId?: string,
  ) {
    const made = connectionOn(host);
    made.connection.onText(JSON.stringify({ type: 'identify', clientId: 1, deviceId, resume }));
    return made;
  }

  /** Every feed is given back: a while later none is left. */
  async function expectNoFeedLeft(): Promise<void> {
    await vi.advanceTimersByTimeAsync(6_000);
    delivery.feeds.closeUnused();
    expect(delivery.feeds.size).toBe(0);
  }

  it('[DEL-1] tells where the stream goes on, then goes on there', async () => {
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

  it('[DEL-1] the head it tells is read after the frame came, not the one the feed knows', async () => {
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

  it('[ACK-6] a last ack of another epoch starts over, and the client is told', async () => {
    store.appendMany('1', 5);
    await store.saveAcks([{ clientId: '1', deviceId: 'tv', targetId: '1', epoch: 'epoch-1', offset: 4 }]);
    store.restart(2);
    store.appendMany('1', 1);
    const { socket } = connect('last-ack', 'tv');
    await vi.advanceTimersByTimeAsync(10);
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

  it('[DEL-4] with a cursor of its own a device’s acks are not asked for', async () => {
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

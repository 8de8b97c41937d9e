import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AddressLimits } from '../../src/admission/address-limits.ts';
import { OPEN_AUTHENTICATION } from '../../src/identifying/authentication.ts';
import type { RelaySettings } from '../../src/configuration.ts';
import { ConnectionRegistry } from '../../src/connection/connection-registry.ts';
import type { Feed } from '../../src/feeds/feed.ts';
import { connectionOn, RecordingHost } from '../support/model-host.ts';
import { roomyQueues } from '../support/roomy-queues.ts';
import { ModelSocket } from '../support/model-socket.ts';
import { TEST_SETTINGS } from '../support/relay-settings.ts';

describe('ConnectionRegistry', () => {
  let registry: ConnectionRegistry;
  let addresses: AddressLimits;
  let identifying: unknown[];
  let released: Feed[];
  let sweeps: number;

  beforeEach(() => {
    vi.useFakeTimers();
    registry = createRegistry({});
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  function createRegistry(settings: Partial<RelaySettings>): ConnectionRegistry {
    identifying = [];
    released = [];
    sweeps = 0;
    return new ConnectionRegistry({
      settings: { ...TEST_SETTINGS, ...settings },
      acks: new RecordingHost().acks,
      authentication: OPEN_AUTHENTICATION,
      addresses: (addresses = new AddressLimits({ ...TEST_SETTINGS, ...settings })),
      follow: (connection) => identifying.push(connection),
      queues: roomyQueues(),
      feeds: {
        release: (feed) => released.push(feed),
        closeUnused: () => {
          sweeps += 1;
        },
      },
    });
  }

  function open(socket = new ModelSocket(), address = '127.0.0.1') {
    const made = connectionOn(registry, socket);
    registry.add(made.connection, address);
    return made;
  }

  /** What a real socket does when it was closed from here: it is gone a moment later. */
  function closeSoon(opened: ReturnType<typeof open>[], afterMs: number): void {
    for (const { socket, connection } of opened) {
      const close = socket.close.bind(socket);
      socket.close = (code, reason) => {
        close(code, reason);
        setTimeout(() => {
          connection.onClosed();
        }, afterMs);
      };
    }
  }

  it('[DEL-13] who does not identify in time is told so and closed with 4008', () => {
    const { socket } = open();
    vi.advanceTimersByTime(9_999);
    expect(socket.closedWith).toBeUndefined();
    vi.advanceTimersByTime(501);
    expect(socket.frames()).toMatchObject([{ type: 'error', code: 'identify_timeout' }]);
    expect(socket.closedWith?.code).toBe(4008);
    expect(registry.awaitingIdentifyCount).toBe(0);
  });

  it('[DEL-13] each has its own ten seconds', () => {
    const first = open();
    vi.advanceTimersByTime(6_000);
    const second = open();
    vi.advanceTimersByTime(5_000);
    expect([first.socket.closedWith?.code, second.socket.closedWith?.code]).toEqual([4008, undefined]);
    vi.advanceTimersByTime(6_000);
    expect(second.socket.closedWith?.code).toBe(4008);
  });

  it('[DEL-16] who identified may wait for the database as long as it takes', () => {
    const { socket, connection } = open();
    connection.onText('{"type":"identify","clientId":1}');
    expect(identifying).toEqual([connection]);
    for (let turn = 0; turn < 10; turn += 1) {
      vi.advanceTimersByTime(25_000);
      connection.onSignOfLife();
    }
    expect(socket.isOpen).toBe(true);
  });

  it('[DEL-14] every connection gets its heartbeats', () => {
    const { socket, connection } = open();
    connection.onText('{"type":"identify","clientId":1}');
    vi.advanceTimersByTime(25_000);
    expect(socket.pings).toBe(1);
    vi.advanceTimersByTime(25_000);
    expect(socket.terminated).toBe(true);
  });

  it('[DEL-11] a connection whose socket takes nothing any more is closed with 4002', () => {
    const { socket, connection } = open(new ModelSocket(1));
    connection.onText('{"type":"identify","clientId":1}');
    socket.send('{}');
    expect(registry.stalledCount).toBe(1);
    vi.advanceTimersByTime(31_000);
    expect(socket.closedWith?.code).toBe(4002);
  });

  it('keeps nothing of a connection that is over', () => {
    const { socket, connection } = open(new ModelSocket(1));
    socket.send('{}');
    connection.onClosed();
    expect([registry.size, registry.awaitingIdentifyCount, registry.stalledCount]).toEqual([0, 0, 0]);
    vi.advanceTimersByTime(60_000);
    expect(socket.pings).toBe(0);
  });

  it('[LIM-1] is full at either bound', () => {
    registry = createRegistry({ connectionsMax: 3, connectionsAwaitingIdentifyMax: 2 });
    const { connection } = open();
    open();
    expect(registry.isFull).toBe(true);
    connection.onText('{"type":"identify","clientId":1}');
    expect(registry.isFull).toBe(false);
    open();
    expect(registry.isFull).toBe(true);
  });

  it('[LIM-3] a client may have so many connections; a further one is 4029, and another client is not hit', () => {
    registry = createRegistry({ connectionsPerClientMax: 2 });
    const identifyAs = (clientId: string) => {
      const made = open();
      made.connection.onText(JSON.stringify({ type: 'identify', clientId }));
      return made;
    };
    const [first] = [identifyAs('1'), identifyAs('1')];
    const third = identifyAs('1');
    expect(third.socket.frames()).toMatchObject([{ type: 'error', code: 'too_many_connections' }]);
    expect(third.socket.closedWith?.code).toBe(4029);
    third.connection.onClosed();
    expect(identifyAs('2').socket.isOpen).toBe(true);
    first.connection.onClosed();
    expect(identifyAs('1').socket.isOpen).toBe(true);
    expect(identifyAs('1').socket.closedWith?.code).toBe(4029);
  });

  it('[LIM-2] tells its addresses who comes, identifies and goes', () => {
    registry = createRegistry({ connectionsPerAddressMax: 2, connectionsAwaitingIdentifyPerAddressMax: 1 });
    const { connection } = open(new ModelSocket(), 'a');
    expect(addresses.refusal('a')).toBe('too-many-from-this-address');
    connection.onText('{"type":"identify","clientId":1}');
    expect(addresses.refusal('a')).toBeUndefined();
    const late = open(new ModelSocket(), 'a');
    vi.advanceTimersByTime(11_000); // it did not identify in time
    expect(addresses.refusal('a')).toBe('too-many-from-this-address');
    late.connection.onClosed();
    connection.onClosed();
    expect([addresses.refusal('a'), addresses.size]).toEqual([undefined, 0]);
  });

  it('has unused feeds closed now and then', () => {
    vi.advanceTimersByTime(1_000);
    expect(sweeps).toBeGreaterThan(0);
  });

  it('[DEL-15] drains with 1001, spread evenly over the time it has', async () => {
    vi.clearAllTimers();
    registry = createRegistry({ drainMs: 2_000 });
    const opened = Array.from({ length: 1_000 }, () => open());
    closeSoon(opened, 20);
    const done = registry.drain();
    expect(registry.isDraining).toBe(true);
    const closedAfter: number[] = [];
    for (let passed = 0; passed < 2_000; passed += 500) {
      await vi.advanceTimersByTimeAsync(499);
      closedAfter.push(opened.filter(({ socket }) => socket.closedWith?.code === 1001).length);
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(closedAfter).toEqual([250, 500, 750, 1_000]);
    await vi.advanceTimersByTimeAsync(200);
    await done;
    expect(registry.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('[DEL-15] a few connections are closed at once', async () => {
    const opened = [open(), open(), open()];
    closeSoon(opened, 20);
    const done = registry.drain();
    await vi.advanceTimersByTimeAsync(250);
    await done;
    expect(opened.map(({ socket }) => socket.closedWith?.code)).toEqual([1001, 1001, 1001]);
  });

  it('[DEL-15] who does not answer the close is dropped before the time is over', async () => {
    const { socket } = open();
    const done = registry.drain();
    await vi.advanceTimersByTimeAsync(3_000);
    await done;
    expect(socket.terminated).toBe(true);
  });
});

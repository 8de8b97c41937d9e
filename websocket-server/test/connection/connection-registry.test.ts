import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AddressLimits } from '../../src/admission/address-limits.ts';
import type { RelaySettings } from '../../src/configuration.ts';
import { ConnectionRegistry } from '../../src/connection/connection-registry.ts';
import { connectionOn, RecordingHost } from '../support/model-host.ts';
import { TEST_SETTINGS } from '../support/relay-settings.ts';

describe('ConnectionRegistry', () => {
  let registry: ConnectionRegistry;
  let addresses: AddressLimits;

  beforeEach(() => {
    vi.useFakeTimers();
    registry = createRegistry({});
  });

  afterEach(() => {
    registry.stop();
    vi.useRealTimers();
  });

  function createRegistry(settings: Partial<RelaySettings>): ConnectionRegistry {
    addresses = new AddressLimits({ ...TEST_SETTINGS, ...settings });
    return new ConnectionRegistry({ settings: { ...TEST_SETTINGS, ...settings }, addresses });
  }

  function open(address = '127.0.0.1') {
    const host = new RecordingHost();
    host.onClosed = (connection) => {
      registry.remove(connection);
    };
    const made = connectionOn(host, undefined, address);
    registry.add(made.connection);
    return made;
  }

  function passTime(milliseconds: number): void {
    vi.advanceTimersByTime(milliseconds);
    registry.sweep();
  }

  it('[DEL-13] closes a connection that does not identify in time with 4008', () => {
    const { socket } = open();
    passTime(9_999);
    expect(socket.closedWith).toBeUndefined();
    passTime(2);
    expect(socket.frames()).toMatchObject([{ type: 'error', code: 'identify_timeout' }]);
    expect(socket.closedWith?.code).toBe(4008);
    expect(registry.awaitingIdentifyCount).toBe(0);
  });

  it('[DEL-13] gives each its own ten seconds', () => {
    const first = open();
    passTime(6_000);
    const second = open();
    passTime(5_000);
    expect([first.socket.closedWith?.code, second.socket.closedWith?.code]).toEqual([4008, undefined]);
    passTime(6_000);
    expect(second.socket.closedWith?.code).toBe(4008);
  });

  it('[DEL-16] a client that has identified may wait for the database as long as it takes', () => {
    const { socket, connection } = open();
    registry.endIdentifyWait(connection);
    for (let turn = 0; turn < 10; turn += 1) {
      passTime(25_000);
      connection.onSignOfLife();
    }
    expect(socket.isOpen).toBe(true);
  });

  it('[DEL-14] every connection gets its heartbeats', () => {
    const { socket } = open();
    vi.advanceTimersByTime(25_000);
    expect(socket.pings).toBe(1);
    vi.advanceTimersByTime(25_000);
    expect(socket.terminated).toBe(true);
  });

  it('keeps nothing of a connection that has ended', () => {
    const { socket, connection } = open();
    connection.onClosed();
    connection.onClosed();
    expect([registry.size, registry.awaitingIdentifyCount, addresses.size]).toEqual([0, 0, 0]);
    vi.advanceTimersByTime(60_000);
    expect(socket.pings).toBe(0);
  });

  it('[LIM-1] is full at either bound', () => {
    registry.stop();
    registry = createRegistry({ connectionsMax: 3, connectionsAwaitingIdentifyMax: 2 });
    const { connection } = open();
    open();
    expect(registry.isFull).toBe(true);
    registry.endIdentifyWait(connection);
    expect(registry.isFull).toBe(false);
    open();
    expect(registry.isFull).toBe(true);
  });

  it('[LIM-2] counts for each address its connections, and those that have not identified', () => {
    registry.stop();
    registry = createRegistry({ connectionsPerAddressMax: 2, connectionsAwaitingIdentifyPerAddressMax: 1 });
    const { connection } = open('a');
    expect(addresses.refusal('a')).toBe('too-many-from-this-address');
    registry.endIdentifyWait(connection);
    expect(addresses.refusal('a')).toBeUndefined();
    const late = open('a');
    passTime(11_000); // it did not identify in time
    expect(addresses.refusal('a')).toBe('too-many-from-this-address');
    late.connection.onClosed();
    connection.onClosed();
    expect([addresses.refusal('a'), addresses.size]).toEqual([undefined, 0]);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AddressLimits } from '../../src/admission/address-limits.ts';
import { ConnectionRegistry } from '../../src/connection/connection-registry.ts';
import { drain } from '../../src/connection/drain.ts';
import { connectionOn, RecordingHost } from '../support/model-host.ts';
import { TEST_SETTINGS } from '../support/relay-settings.ts';

describe('drain', () => {
  let registry: ConnectionRegistry;

  beforeEach(() => {
    vi.useFakeTimers();
    registry = new ConnectionRegistry({
      settings: TEST_SETTINGS,
      addresses: new AddressLimits(TEST_SETTINGS),
    });
  });

  afterEach(() => {
    registry.stop();
    vi.useRealTimers();
  });

  function open() {
    const host = new RecordingHost();
    host.onClosed = (connection) => {
      registry.remove(connection);
    };
    const made = connectionOn(host);
    registry.add(made.connection);
    return made;
  }

  /** A real socket that the relay closes is gone a moment later. */
  function closeSoon({ socket, connection }: ReturnType<typeof open>): void {
    const close = socket.close.bind(socket);
    socket.close = (code, reason) => {
      close(code, reason);
      setTimeout(() => {
        connection.onClosed();
      }, 20);
    };
  }

  it('[DEL-15] closes with 1001, spread evenly over the time it has', async () => {
    const opened = Array.from({ length: 1_000 }, open);
    opened.forEach(closeSoon);
    const done = drain(registry, 2_000);
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
    registry.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('[DEL-15] closes a few connections at once', async () => {
    const opened = [open(), open(), open()];
    opened.forEach(closeSoon);
    const done = drain(registry, 5_000);
    await vi.advanceTimersByTimeAsync(250);
    await done;
    expect(opened.map(({ socket }) => socket.closedWith?.code)).toEqual([1001, 1001, 1001]);
  });

  it('[DEL-15] drops a peer that does not answer the close', async () => {
    const { socket } = open();
    const done = drain(registry, 5_000);
    await vi.advanceTimersByTimeAsync(3_000);
    await done;
    expect(socket.terminated).toBe(true);
  });
});

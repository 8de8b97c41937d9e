import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StalledWatch } from '../../src/connection/stalled-watch.ts';
import { connectionOn, RecordingHost } from '../support/model-host.ts';
import { ModelSocket } from '../support/model-socket.ts';

const NO_PROGRESS_MS = 30_000;

describe('StalledWatch', () => {
  let watch: StalledWatch;

  beforeEach(() => {
    vi.useFakeTimers();
    watch = new StalledWatch(NO_PROGRESS_MS);
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  function stalled() {
    const made = connectionOn(new RecordingHost(), new ModelSocket(1));
    made.socket.send('{}');
    watch.add(made.connection);
    return made;
  }

  function sweepFor(milliseconds: number): void {
    for (let passed = 0; passed < milliseconds; passed += 250) {
      vi.advanceTimersByTime(250);
      watch.sweep();
    }
  }

  it('[DEL-11] closes with 4002 what takes nothing for so long, and not before', () => {
    const { socket } = stalled();
    sweepFor(NO_PROGRESS_MS - 250);
    expect(socket.closedWith).toBeUndefined();
    sweepFor(250);
    expect(socket.closedWith?.code).toBe(4002);
    expect(watch.size).toBe(0);
  });

  it('[DEL-11] one that takes a little now and then is slow, and stays', () => {
    const { socket } = stalled();
    for (let taken = 1; taken < 20; taken += 1) {
      sweepFor(NO_PROGRESS_MS - 1_000);
      socket.taken = taken;
    }
    expect(socket.closedWith).toBeUndefined();
  });

  it('forgets one that has drained, and watches it anew from the next time it is full', () => {
    const { socket, connection } = stalled();
    sweepFor(NO_PROGRESS_MS - 1_000);
    socket.drain();
    sweepFor(1_000);
    expect(watch.size).toBe(0);
    socket.send('{}');
    watch.add(connection);
    sweepFor(NO_PROGRESS_MS - 250);
    expect(socket.closedWith).toBeUndefined();
    sweepFor(250);
    expect(socket.closedWith?.code).toBe(4002);
  });

  it('being full again before the next look is progress, not patience used up', () => {
    const { socket, connection } = stalled();
    sweepFor(NO_PROGRESS_MS - 250);
    socket.drain();
    socket.taken = 1_000;
    socket.send('{}');
    watch.add(connection);
    sweepFor(1_000);
    expect(socket.closedWith).toBeUndefined();
  });
});

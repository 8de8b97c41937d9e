import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RepeatedTask } from '../../src/index.ts';

/** A task whose runs end when the test says so. */
function createTask(intervalMs?: number) {
  const ends: (() => void)[] = [];
  const task = new RepeatedTask({
    run: () => new Promise((resolve) => ends.push(resolve)),
    ...(intervalMs === undefined ? {} : { intervalMs: () => intervalMs }),
  });
  const endRun = async () => {
    ends.at(-1)?.();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { task, endRun, begun: () => ends.length };
}

describe('a repeated task', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('runs an interval after the end of each run', async () => {
    const { task, endRun, begun } = createTask(100);
    task.start();
    await vi.advanceTimersByTimeAsync(99);
    expect(begun()).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(begun()).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000); // never two at once
    expect(begun()).toBe(1);
    await endRun();
    await vi.advanceTimersByTimeAsync(100);
    expect(begun()).toBe(2);
    const stopped = task.stop();
    await endRun();
    await stopped;
  });

  it('runs at once when asked, and once more for all requests that came during a run', async () => {
    const { task, endRun, begun } = createTask();
    task.start(); // without an interval it plans nothing
    await vi.advanceTimersByTimeAsync(10_000);
    expect(begun()).toBe(0);
    task.runNow();
    expect(begun()).toBe(1);
    task.runNow();
    task.runNow();
    await endRun();
    expect(begun()).toBe(2);
    await endRun();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(begun()).toBe(2);
  });

  it('a run can ask for the next one, also before it waits for anything', async () => {
    let runs = 0;
    const task = new RepeatedTask({
      run: () => {
        runs += 1;
        if (runs < 3) task.runNow();
        return Promise.resolve();
      },
    });
    task.runNow();
    await task.stop();
    expect(runs, 'stopped after the run under way').toBe(1);
    const again = new RepeatedTask({
      run: () => {
        runs += 1;
        if (runs < 4) again.runNow();
        return Promise.resolve();
      },
    });
    again.runNow();
    await vi.advanceTimersByTimeAsync(0);
    expect(runs).toBe(4);
  });

  it('of several planned runs the earliest counts, and a run replaces the one that was planned', async () => {
    const { task, endRun, begun } = createTask();
    task.runWithin(500);
    task.runWithin(100);
    task.runWithin(300);
    await vi.advanceTimersByTimeAsync(100);
    expect(begun()).toBe(1);
    await endRun();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(begun()).toBe(1);
    task.runWithin(100);
    task.runNow();
    await endRun();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(begun()).toBe(2);
    task.runWithin(100);
    await vi.advanceTimersByTimeAsync(100);
    expect(begun()).toBe(3);
  });

  it('stop ends a pause, waits for the run under way, and lets no other begin', async () => {
    let ended = 0;
    const task = new RepeatedTask({
      run: async () => {
        await task.pause(60_000);
        ended += 1;
      },
      intervalMs: () => 10,
    });
    task.runNow();
    task.runNow();
    expect(task.isStopped).toBe(false);
    await task.stop();
    expect(task.isStopped).toBe(true);
    expect(ended).toBe(1);
    await task.pause(60_000); // is over at once
    task.runNow();
    task.runWithin(0);
    task.start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ended).toBe(1);
  });
});

import { expect, it, vi } from 'vitest';
import { pause } from '../../src/index.ts';

it('a pause ends when its time has passed, by a clock that tests can replace', async () => {
  vi.useFakeTimers();
  try {
    let isOver = false;
    const pausing = pause(1_000).then(() => (isOver = true));
    await vi.advanceTimersByTimeAsync(999);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await pausing;
    const free = pause(1_000, { holdsProcess: false });
    await vi.advanceTimersByTimeAsync(1_000);
    await free;
  } finally {
    vi.useRealTimers();
  }
});

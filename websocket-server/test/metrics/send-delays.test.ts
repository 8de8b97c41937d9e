import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SendDelays } from '../../src/metrics/send-delays.ts';

const CREATED = '2026-11-23T08:00:00.000Z';
const LATER = '2026-11-23T08:00:00.500Z';

describe('SendDelays', () => {
  let delays: SendDelays;
  beforeEach(() => {
    vi.useFakeTimers({ now: new Date('2026-11-23T08:00:01.000Z') });
    delays = new SendDelays();
  });
  afterEach(() => vi.useRealTimers());

  it('[MET-2] counts a message once for each connection, by the time at which its turn was written', () => {
    delays.onHinted(CREATED, 1);
    delays.onHinted(CREATED, 3);
    delays.onHinted(LATER, 1);
    expect(delays.fromHints.count).toBe(0);
    vi.advanceTimersByTime(200);
    delays.onWritten();
    delays.onWritten();
    expect(delays.fromHints.count).toBe(5);
    expect(delays.fromHints.sum).toBeCloseTo(4 * 1.2 + 0.7);
    expect(delays.fromLog.count).toBe(0);
  });

  it('[MET-2] messages that were read from the log are counted apart', () => {
    delays.onRead(CREATED, Date.now());
    expect([delays.fromHints.count, delays.fromLog.count, delays.fromLog.sum]).toEqual([0, 1, 1]);
  });

  it('[MET-2] a database whose clock is ahead brings no negative times, and a foreign time nothing', () => {
    delays.onRead('2026-11-23T09:00:00.000Z', Date.now());
    delays.onRead('yesterday', Date.now());
    expect([delays.fromLog.count, delays.fromLog.sum]).toEqual([1, 0]);
  });
});

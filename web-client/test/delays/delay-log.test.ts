import { describe, expect, it } from 'vitest';
import { type Delay, DelayLog, storedAfter } from '../../src/delays/delay-log.ts';

function answeredAfter(answeredMs: number): Delay {
  return { storedMs: undefined, answeredMs, deliveredMs: undefined };
}

describe('DelayLog', () => {
  it('[PAGE-17] keeps the last 50, and has the median of what is known', () => {
    const log = new DelayLog();
    expect(log.median('answered')).toBeUndefined();
    for (let ms = 1; ms <= 60; ms += 1) log.add(answeredAfter(ms));
    expect(log.delays).toHaveLength(50);
    expect(log.median('answered')).toBe(35.5);
    expect(log.median('delivered')).toBeUndefined();
    const odd = new DelayLog();
    for (const ms of [9, 1, 4]) odd.add(answeredAfter(ms));
    expect(odd.median('answered')).toBe(4);
  });

  it('[PAGE-17] notes an arrival, also one after the message has left the log', () => {
    const log = new DelayLog();
    const [first, second] = [answeredAfter(5), answeredAfter(6)];
    log.add(first);
    log.add(second);
    log.deliver(second, 7);
    expect(log.delays).toEqual([first, { ...second, deliveredMs: 7 }]);
    log.deliver(answeredAfter(1), 8);
    expect(log.median('delivered')).toBe(7);
  });
});

describe('storedAfter', () => {
  const clickedAt = Date.parse('2026-11-28T12:00:00.100Z');

  it('[PAGE-17] compares the two clocks', () => {
    expect(storedAfter('2026-11-28T12:00:00.103Z', clickedAt, 6)).toBe(3);
    expect(storedAfter('2026-11-28T12:00:00.100Z', clickedAt + 0.5, 6)).toBe(0);
  });

  it.each(['2026-11-28T12:00:00.050Z', '2026-11-28T12:00:01.000Z', ''])(
    '[PAGE-17] leaves %j out: the message was not stored before the click, or after the answer',
    (createdAt) => expect(storedAfter(createdAt, clickedAt, 6)).toBeUndefined(),
  );
});

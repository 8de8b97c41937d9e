import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HeartbeatWheel } from '../../src/connection/heartbeat-wheel.ts';

const TURN_SECONDS = 5;

class Member {
  beats = 0;
  onHeartbeat(): void {
    this.beats += 1;
  }
}

describe('HeartbeatWheel', () => {
  let wheel: HeartbeatWheel<Member>;

  beforeEach(() => {
    vi.useFakeTimers();
    wheel = new HeartbeatWheel(TURN_SECONDS);
  });

  afterEach(() => {
    wheel.stop();
    vi.useRealTimers();
  });

  it('[DEL-14] calls each member once a turn', () => {
    const members = Array.from({ length: 13 }, () => new Member());
    for (const member of members) wheel.add(member);
    vi.advanceTimersByTime(TURN_SECONDS * 1_000 * 4);
    expect(members.map(({ beats }) => beats)).toEqual(members.map(() => 4));
  });

  it('spreads them over the turn', () => {
    const members = Array.from({ length: 100 }, () => new Member());
    for (const member of members) wheel.add(member);
    vi.advanceTimersByTime(1_000);
    expect(members.filter(({ beats }) => beats > 0)).toHaveLength(100 / TURN_SECONDS);
  });

  it('forgets a member that is removed, even from inside a heartbeat', () => {
    const gone = new Member();
    const slot = wheel.add(gone);
    const stays = new Member();
    wheel.add(stays);
    gone.onHeartbeat = () => {
      gone.beats += 1;
      wheel.remove(gone, slot);
    };
    vi.advanceTimersByTime(TURN_SECONDS * 1_000 * 3);
    expect([gone.beats, stays.beats]).toEqual([1, 3]);
  });

  it('stops', () => {
    const member = new Member();
    wheel.add(member);
    wheel.stop();
    vi.advanceTimersByTime(60_000);
    expect(member.beats).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

import { describe, expect, it } from 'vitest';
import { controlTopic, isTargetId, livenessChannel, updatesChannel } from '../src/index.ts';

describe('channels', () => {
  it('[BUS-1] a target has one channel, named as in the contract', () => {
    expect(updatesChannel('', '1')).toBe('updates:1');
    expect(updatesChannel('', 'group:a')).toBe('updates:group:a');
    expect(updatesChannel('blue:', 'bob')).toBe('blue:updates:bob');
  });

  it('[SEC-5] a control channel has its name of always, which is none of a target', () => {
    expect(updatesChannel('blue:', controlTopic('disconnects'))).toBe('blue:updates:$disconnects');
    expect(isTargetId(controlTopic('disconnects'))).toBe(false);
  });

  it("a subscriber's own channel is no target's", () => {
    const own = livenessChannel('blue:', 'some-subscriber');
    expect(own).toBe('blue:updates:$liveness:some-subscriber');
    expect(isTargetId(own.slice(updatesChannel('blue:', '').length))).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import type { FollowedTarget, IdentifiedFrame, NewMessageFrame } from '../src/relay-frame.ts';
import { StreamPosition } from '../src/stream-position.ts';

function identified(target: Partial<FollowedTarget>, epoch = 'e'): IdentifiedFrame {
  const followed = { offset: 0, head: 0, recovered: true, ...target };
  return {
    type: 'identified',
    clientId: '1',
    epoch,
    heartbeatSeconds: 25,
    targets: new Map([['1', followed]]),
  };
}

function message(offset: number, epoch = 'e', targetId = '1'): NewMessageFrame {
  return { type: 'new_message', id: `${offset}`, targetId, offset, epoch, data: '', createdAt: '' };
}

describe('StreamPosition', () => {
  it('[PAGE-5] has nothing to resume from before it was identified', () => {
    expect(new StreamPosition().resume()).toBeUndefined();
  });

  it('[PAGE-5] resumes after the last message that was placed', () => {
    const position = new StreamPosition();
    expect(position.begin(identified({ offset: 41, head: 42 }))).toEqual({
      backlog: 1,
      resumed: false,
      restarted: false,
    });
    expect(position.place(message(42))).toBe('caught-up');
    expect(position.place(message(43))).toBe('live');
    expect(position.resume()).toEqual({ epoch: 'e', offsets: { '1': 43 } });
    expect(position.begin(identified({ offset: 43, head: 43 }))).toEqual({
      backlog: 0,
      resumed: true,
      restarted: false,
    });
  });

  it('[PAGE-5] tells repeats and gaps, and does not move for them', () => {
    const position = new StreamPosition();
    position.begin(identified({ offset: 5, head: 5 }));
    expect(position.place(message(5))).toBe('repeat');
    expect(position.place(message(7))).toBe('gap');
    expect(position.place(message(6, 'another epoch'))).toBe('gap');
    expect(position.place(message(6, 'e', 'a target that is not followed'))).toBe('gap');
    expect(position.place(message(6))).toBe('live');
    expect(position.resume()?.offsets).toEqual({ '1': 6 });
  });

  it('[PAGE-5] moves over deleted messages, and only forwards', () => {
    const position = new StreamPosition();
    position.begin(identified({ head: 50 }));
    position.skip({ type: 'truncated', targetId: '1', from: 1, to: 40 });
    position.skip({ type: 'truncated', targetId: '1', from: 1, to: 10 });
    expect(position.place(message(41))).toBe('caught-up');
  });

  it('[PAGE-5] starts over where the log was restarted, and says so', () => {
    const position = new StreamPosition();
    position.begin(identified({ offset: 9, head: 9 }));
    const start = position.begin(identified({ offset: 3, head: 4, recovered: false }, 'e2'));
    expect(start).toEqual({ backlog: 1, resumed: true, restarted: true });
    expect(position.place(message(4, 'e2'))).toBe('caught-up');
    expect(position.resume()).toEqual({ epoch: 'e2', offsets: { '1': 4 } });
  });
});

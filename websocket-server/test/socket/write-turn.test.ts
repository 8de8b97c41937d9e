import { describe, expect, it } from 'vitest';
import { WriteTurn } from '../../src/socket/write-turn.ts';

class Member {
  flushes = 0;
  onFlush = (): void => undefined;
  flush(): void {
    this.flushes += 1;
    this.onFlush();
  }
}

const turnIsOver = () => new Promise((resolve) => setImmediate(resolve));

describe('WriteTurn', () => {
  it('flushes each member once, when the turn is over', async () => {
    const turn = new WriteTurn();
    const members = [new Member(), new Member(), new Member()];
    for (const member of members) turn.add(member);
    expect(members.map(({ flushes }) => flushes)).toEqual([0, 0, 0]);
    await turnIsOver();
    expect(members.map(({ flushes }) => flushes)).toEqual([1, 1, 1]);
    await turnIsOver();
    expect(members.map(({ flushes }) => flushes)).toEqual([1, 1, 1]);
  });

  it('flushes in the next turn what is added while it flushes', async () => {
    const turn = new WriteTurn();
    const [first, second] = [new Member(), new Member()];
    first.onFlush = () => {
      turn.add(second);
    };
    turn.add(first);
    await turnIsOver();
    expect([first.flushes, second.flushes]).toEqual([1, 0]);
    await turnIsOver();
    expect([first.flushes, second.flushes]).toEqual([1, 1]);
  });

  it('frames a text once for all that it goes to', () => {
    const turn = new WriteTurn();
    const frame = turn.frame('a text');
    expect(turn.frame('a text')).toBe(frame);
    expect(turn.frame('another')).not.toBe(frame);
    expect(turn.frame('')).toEqual(Buffer.from([0x81, 0]));
  });
});

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
    for (const member of members) turn.addSocket(member);
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
      turn.addSocket(second);
    };
    turn.addSocket(first);
    await turnIsOver();
    expect([first.flushes, second.flushes]).toEqual([1, 0]);
    await turnIsOver();
    expect([first.flushes, second.flushes]).toEqual([1, 1]);
  });

  it('lets fan-outs hand on before sockets write; the last of them knows that nothing more comes', async () => {
    const turn = new WriteTurn();
    const [socket, first, last] = [new Member(), new Member(), new Member()];
    const seen: unknown[] = [];
    for (const [name, member] of Object.entries({ socket, first, last })) {
      member.onFlush = () => seen.push([name, turn.isEnding]);
    }
    turn.addSocket(socket);
    turn.addFanOut(first);
    turn.addFanOut(last);
    await turnIsOver();
    expect(seen).toEqual([
      ['first', false],
      ['last', true],
      ['socket', false],
    ]);
  });

  it('has sockets that a fan-out adds write in the same turn', async () => {
    const turn = new WriteTurn();
    const [socket, fanOut] = [new Member(), new Member()];
    fanOut.onFlush = () => {
      turn.addSocket(socket);
    };
    turn.addFanOut(fanOut);
    await turnIsOver();
    expect(socket.flushes).toBe(1);
  });

  it('frames a list of texts once for all that it goes to', () => {
    const turn = new WriteTurn();
    const texts = ['a text', 'another'];
    const frames = turn.sharedFrames(texts);
    expect(frames.toString('latin1')).toBe('\x81\x06a text\x81\x07another');
    expect(turn.sharedFrames(texts)).toBe(frames);
    expect(turn.sharedFrames([...texts])).not.toBe(frames);
  });

  it('frames a text once for all that it goes to', () => {
    const turn = new WriteTurn();
    const frame = turn.frame('a text');
    expect(turn.frame('a text')).toBe(frame);
    expect(turn.frame('another')).not.toBe(frame);
    expect(turn.frame('')).toEqual(Buffer.from([0x81, 0]));
  });
});

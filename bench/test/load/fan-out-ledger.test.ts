import { beforeEach, describe, expect, it } from 'vitest';
import { FanOutLedger } from '../../load/fan-out-ledger.ts';
import { encodeServerFrame, OPCODES } from '../../load/frame-decoder.ts';

let ledger: FanOutLedger;
let now: number;

beforeEach(() => {
  now = 0;
  ledger = new FanOutLedger({ targetId: 'all', connections: 2, messageBytes: 32, now: () => now });
});

/** Sends a message; the text that connections are given for it. */
function send(at = 0): Buffer {
  const { message } = JSON.parse(ledger.send(at)) as { message: string };
  return Buffer.from(`{"type":"new_message","data":"${message}"}`);
}

function framesOf(...texts: readonly Buffer[]): Buffer {
  return Buffer.concat(texts.map((text) => encodeServerFrame(OPCODES.text, text)));
}

describe('FanOutLedger', () => {
  it('counts a message when it has arrived everywhere', () => {
    const [one, two] = [send(10), send(20)];
    ledger.deliver(0, one);
    ledger.deliver(0, two);
    expect([ledger.complete, ledger.isSettled]).toEqual([0, false]);
    now = 40;
    ledger.deliver(1, one);
    now = 50;
    ledger.deliver(1, two);
    expect([ledger.complete, ledger.isSettled, ledger.faults()]).toEqual([2, true, []]);
    expect(ledger.lastArrivalMs(0, 2)).toEqual([30, 30]);
    expect(ledger.lastArrivalMs(1, 2)).toEqual([30]);
  });

  it('takes frames that it knows as they lie in the buffer, up to the first that is another or not whole', () => {
    const [one, two, three] = [send(), send(), send()];
    const frames = framesOf(one, two, three);
    expect(ledger.takeKnown(0, frames, frames.length)).toBe(0);
    for (const text of [one, two]) ledger.deliver(0, text);
    expect(ledger.takeKnown(1, frames, framesOf(one, two).length - 1)).toBe(framesOf(one).length);
    expect([ledger.complete, ledger.takeKnown(1, frames, frames.length)]).toEqual([1, 0]);
    ledger.deliver(1, two);
    expect([ledger.complete, ledger.faults()]).toEqual([2, ['1 messages did not arrive everywhere']]);
  });

  it('lets messages that were sent together come either way round, but to all alike', () => {
    const [one, two] = [send(10), send(20)];
    now = 30;
    for (const connection of [0, 1]) ledger.deliver(connection, two);
    for (const connection of [0, 1]) ledger.deliver(connection, one);
    expect([ledger.faults(), ledger.lastArrivalMs(0, 2)]).toEqual([[], [10, 20]]);
  });

  it('finds a message that was never sent', () => {
    const text = Buffer.from(send().toString('utf8').replace('0000000000', '0000000001'));
    ledger.deliver(0, text);
    expect(ledger.faults()[0]).toContain('in place 0 connection 0 got');
  });

  it('finds a message that one connection did not get', () => {
    ledger.deliver(0, send());
    expect(ledger.faults()).toEqual(['1 messages did not arrive everywhere']);
  });

  it('finds a message that was repeated, left out or changed', () => {
    const [one, two] = [send(), send()];
    ledger.deliver(0, one);
    ledger.deliver(0, one);
    expect(ledger.faults()[0]).toContain('in place 1 connection 0 got');
    const frame = framesOf(two);
    expect(ledger.takeKnown(1, frame, frame.length)).toBe(0);
    ledger.deliver(1, two);
    expect(ledger.faults()[1]).toContain('in place 0 connection 1 got');
  });

  it('tells when there is room for the next', () => {
    let told = 0;
    ledger.onComplete = () => {
      told += 1;
    };
    const text = send();
    ledger.deliver(0, text);
    expect(told).toBe(0);
    ledger.deliver(1, text);
    expect(told).toBe(1);
  });
});

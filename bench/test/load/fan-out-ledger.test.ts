import { beforeEach, describe, expect, it } from 'vitest';
import { FanOutLedger } from '../../load/fan-out-ledger.ts';

let ledger: FanOutLedger;

beforeEach(() => {
  ledger = new FanOutLedger({ targetId: 'all', connections: 2, messageBytes: 32 });
});

/** Sends a message; the frame that connections are given for it. */
function send(now = 0): Buffer {
  const { message } = JSON.parse(ledger.send(now)) as { message: string };
  return Buffer.from(`{"type":"new_message","data":"${message}"}`);
}

describe('FanOutLedger', () => {
  it('counts a message when it has arrived everywhere', () => {
    const [one, two] = [send(10), send(20)];
    ledger.deliver(0, one, 30);
    ledger.deliver(0, two, 31);
    expect([ledger.complete, ledger.isSettled]).toEqual([0, false]);
    ledger.deliver(1, one, 40);
    ledger.deliver(1, two, 50);
    expect([ledger.complete, ledger.isSettled, ledger.faults()]).toEqual([2, true, []]);
    expect(ledger.lastArrivalMs(0, 2)).toEqual([30, 30]);
    expect(ledger.lastArrivalMs(1, 2)).toEqual([30]);
  });

  it('finds a message that one connection did not get', () => {
    ledger.deliver(0, send(), 1);
    expect(ledger.faults()).toEqual(['1 messages did not arrive everywhere']);
  });

  it('finds a message that was repeated, left out or changed', () => {
    const [one, two] = [send(), send()];
    ledger.deliver(0, one, 1);
    ledger.deliver(0, one, 1);
    expect(ledger.faults()[0]).toContain('in place of message 1 connection 0 was given');
    ledger.deliver(1, two, 1);
    expect(ledger.faults()[1]).toContain('in place of message 0 connection 1 was given');
  });

  it('tells when there is room for the next', () => {
    let told = 0;
    ledger.onComplete = () => {
      told += 1;
    };
    const frame = send();
    ledger.deliver(0, frame, 1);
    expect(told).toBe(0);
    ledger.deliver(1, frame, 1);
    expect(told).toBe(1);
  });
});

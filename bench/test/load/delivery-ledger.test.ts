import { beforeEach, describe, expect, it } from 'vitest';
import { DeliveryLedger } from '../../load/delivery-ledger.ts';

const MESSAGE_BYTES = 64;
let ledger: DeliveryLedger;

beforeEach(() => {
  ledger = new DeliveryLedger({
    recipients: ['a', 'b'],
    messageBytes: MESSAGE_BYTES,
    hasOffsets: true,
    label: 'r001',
  });
  ledger.startStream(0, 0);
  ledger.startStream(1, 41);
});

/** Sends to a recipient; gives the message's number and text. */
function send(recipient: number, now = 0): { number: number; text: string } {
  const { number, body } = ledger.send(recipient, now);
  const { message } = JSON.parse(body) as { message: string };
  return { number, text: message };
}

function accept(number: number, targetId: string, offset: number): void {
  ledger.answer([number], 201, JSON.stringify({ id: '7', targetId, offset, status: 'sent' }));
}

describe('DeliveryLedger', () => {
  it('has no fault where everything arrived once and in order, whichever came first', () => {
    const one = send(0);
    const two = send(1);
    expect(one.text).toHaveLength(MESSAGE_BYTES);
    expect(one.text).not.toBe(two.text);
    expect(ledger.isSettled).toBe(false);
    accept(one.number, 'a', 1);
    ledger.deliver(0, { targetId: 'a', offset: 1, data: one.text }, 5);
    ledger.deliver(1, { targetId: 'b', offset: 42, data: two.text }, 6);
    accept(two.number, 'b', 42);
    expect(ledger.isSettled).toBe(true);
    expect(ledger.faults()).toEqual([]);
    expect(ledger.accepted).toBe(2);
    expect(ledger.delivered).toBe(2);
  });

  it('finds a message that was lost', () => {
    accept(send(0).number, 'a', 1);
    expect(ledger.isSettled).toBe(false);
    expect(ledger.faults()).toEqual(['1 accepted messages did not arrive']);
  });

  it('finds a message that was repeated, also under a new offset', () => {
    const { number, text } = send(0);
    accept(number, 'a', 1);
    ledger.deliver(0, { targetId: 'a', offset: 1, data: text }, 1);
    ledger.deliver(0, { targetId: 'a', offset: 2, data: text }, 2);
    expect(ledger.faults()).toEqual(['a got message 0 again']);
  });

  it('finds a message that reached somebody else', () => {
    const { number, text } = send(0);
    accept(number, 'a', 1);
    ledger.deliver(1, { targetId: 'a', offset: 42, data: text }, 1);
    expect(ledger.faults()).toEqual([
      'b got a message for a',
      'b got message 0 of another recipient',
      '1 accepted messages did not arrive',
    ]);
  });

  it.each([40, 41, 43, '42', undefined])('finds offset %s where 42 is next', (offset) => {
    const { number, text } = send(1);
    accept(number, 'b', 42);
    ledger.deliver(1, { targetId: 'b', offset, data: text }, 1);
    expect(ledger.faults()).toEqual([`b got offset ${String(offset)} in place of 42`]);
  });

  it('finds an offset that is not the one its publisher was told', () => {
    const { number, text } = send(1);
    ledger.deliver(1, { targetId: 'b', offset: 42, data: text }, 1);
    accept(number, 'b', 43);
    expect(ledger.faults()).toEqual(['message 0 was accepted as offset 43 and delivered as 42']);
  });

  it.each(['', 'something', 7, 'r002'])('finds a text that was never sent: %s', (start) => {
    const { text } = send(0);
    const data = typeof start === 'string' && start !== '' ? start + text.slice(start.length) : start;
    ledger.deliver(0, { targetId: 'a', offset: 1, data }, 1);
    expect(ledger.faults()[0]).toBe(`a got a message that was never sent: ${String(data)}`);
  });

  it('finds a refusal, and a request without an answer', () => {
    ledger.answer([send(0).number], 503, '{"code":"overloaded"}');
    send(0);
    expect(ledger.faults()).toEqual([
      'messages 0 were answered 503: {"code":"overloaded"}',
      '1 requests were not answered',
    ]);
  });

  it('tells ten faults, and how many there were', () => {
    for (let count = 0; count < 25; count += 1) ledger.fault('x');
    expect(ledger.faults()).toHaveLength(11);
    expect(ledger.faults().at(-1)).toBe('… 25 faults in all');
  });

  it('times what was sent within the window only', () => {
    for (const [index, sentAt] of [0, 10, 20].entries()) {
      const { number, text } = send(0, sentAt);
      accept(number, 'a', index + 1);
      ledger.deliver(0, { targetId: 'a', offset: index + 1, data: text }, sentAt + index + 1);
    }
    expect([...ledger.latencies(10, 20).arrivalMs]).toEqual([2]);
    expect([...ledger.latencies(0, 30).arrivalMs]).toEqual([1, 2, 3]);
  });

  it('times messages by their numbers, without those that have not arrived', () => {
    for (const [index, ms] of [1, 7, 5].entries()) {
      const { text } = send(0, 10);
      ledger.deliver(0, { targetId: 'a', offset: index + 1, data: text }, 10 + ms);
    }
    send(0, 10);
    expect([...ledger.arrivalMs(1, 4)]).toEqual([5, 7]);
    expect([...ledger.arrivalMs(0, 1)]).toEqual([1]);
  });
});

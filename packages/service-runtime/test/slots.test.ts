import { expect, it } from 'vitest';
import { Slots } from '../src/slots.ts';

const never = () => new AbortController().signal;

it('gives places in the order of asking, and no more waiters than allowed', async () => {
  const slots = new Slots({ slotsMax: 1, waitersMax: 2 });
  await slots.take(never());
  const order: string[] = [];
  const first = slots.take(never()).then(() => order.push('first'));
  const second = slots.take(never()).then(() => order.push('second'));
  await expect(slots.take(never())).rejects.toMatchObject({ code: 'slots_exhausted' });
  slots.give();
  await first;
  slots.give();
  await second;
  expect(order).toEqual(['first', 'second']);
});

it('one who gave up waiting takes no place', async () => {
  const slots = new Slots({ slotsMax: 1, waitersMax: 2 });
  await slots.take(never());
  const controller = new AbortController();
  const impatient = slots.take(controller.signal);
  controller.abort(new Error('too late'));
  await expect(impatient).rejects.toThrow('too late');
  slots.give();
  await slots.take(never());
  await expect(slots.take(AbortSignal.abort(new Error('already')))).rejects.toThrow('already');
});

import { expect, it } from 'vitest';
import { Slots } from '../../src/calls/slots.ts';

/** Work that ends when it is told to. */
function openWork<T>(value: T) {
  let end: (error?: Error) => void = () => undefined;
  const ended = new Promise<T>((resolve, reject) => {
    end = (error) => {
      if (error === undefined) resolve(value);
      else reject(error);
    };
  });
  return { end, work: () => ended };
}

it('so many go at a time, the others in their order, also after one that failed', async () => {
  const slots = new Slots({ slotsMax: 2 });
  const begun: number[] = [];
  const opened = [0, 1, 2, 3].map(openWork);
  const works = opened.map(({ work }, index) =>
    slots.use(() => {
      begun.push(index);
      return work();
    }),
  );
  const outcomes = Promise.allSettled(works);
  expect(begun).toEqual([0, 1]);
  opened[0]?.end(new Error('failed'));
  for (const { end } of opened.slice(1)) {
    await new Promise(setImmediate);
    end();
  }
  expect((await outcomes).map(({ status }) => status)).toEqual([
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
  expect(begun).toEqual([0, 1, 2, 3]);
});

it('no more wait than may', async () => {
  const slots = new Slots({ slotsMax: 1, waitersMax: 1 });
  const { end, work } = openWork('first');
  const first = slots.use(work);
  const second = slots.use(() => Promise.resolve('second'));
  await expect(slots.use(work)).rejects.toMatchObject({ code: 'slots_exhausted' });
  end();
  expect([await first, await second]).toEqual(['first', 'second']);
});

it('one who gave up waiting takes no slot', async () => {
  const slots = new Slots({ slotsMax: 1, waitersMax: 2 });
  const { end, work } = openWork('first');
  const first = slots.use(work);
  const controller = new AbortController();
  const impatient = slots.use(() => Promise.reject(new Error('was done')), controller.signal);
  controller.abort(new Error('too late'));
  await expect(impatient).rejects.toThrow('too late');
  end();
  await first;
  expect(await slots.use(() => Promise.resolve('next'))).toBe('next');
  const already = AbortSignal.abort(new Error('already'));
  await expect(slots.use(() => Promise.resolve(), already)).rejects.toThrow('already');
});

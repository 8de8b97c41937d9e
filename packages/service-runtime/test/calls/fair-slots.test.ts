import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairSlots, type FairSlotsBounds } from '../../src/calls/fair-slots.ts';

/** Work that is done only when the test says so, with a record of what was begun. */
class Bench {
  readonly slots: FairSlots;
  readonly begun: string[] = [];
  readonly outcomes: Promise<unknown>[] = [];
  readonly #open: (() => void)[] = [];
  most = 0;

  constructor(bounds: FairSlotsBounds) {
    this.slots = new FairSlots(bounds);
  }

  ask(
    payer: string,
    { cost = 1, count = 1, signal }: { cost?: number; count?: number; signal?: AbortSignal } = {},
  ) {
    for (let index = 0; index < count; index += 1) {
      const outcome = this.slots.use(payer, () => this.#work(payer), { signal, costOf: () => cost });
      outcome.catch(() => undefined);
      this.outcomes.push(outcome);
    }
  }

  /** Ends the work that has been under way for longest, and lets the next begin. */
  async endOne(): Promise<boolean> {
    await turn();
    const end = this.#open.shift();
    end?.();
    await turn();
    return end !== undefined;
  }

  async endAll(): Promise<void> {
    while (await this.endOne());
  }

  #work(payer: string): Promise<void> {
    this.begun.push(payer);
    return new Promise((resolve) => {
      this.#open.push(resolve);
      this.most = Math.max(this.most, this.#open.length);
    });
  }
}

describe('FairSlots', () => {
  it('a thousand calls of one payer delay another by one', async () => {
    const bench = new Bench({ slotsMax: 1 });
    bench.ask('many', { count: 1_000 });
    bench.ask('one');
    await bench.endOne();
    expect(bench.begun).toEqual(['many', 'one']);
    await bench.endAll();
    expect(bench.begun).toHaveLength(1_001);
  });

  it('payers take turns, each in the order of its calls, whoever asked first', async () => {
    const bench = new Bench({ slotsMax: 1 });
    bench.ask('a', { count: 3 });
    bench.ask('b', { count: 2 });
    bench.ask('c');
    await bench.endAll();
    expect(bench.begun.join('')).toBe('abcaba'); // the first of a found the slot free
  });

  it('turns are weighed: whose work is dear gets as much as the others, not as often', async () => {
    const bench = new Bench({ slotsMax: 1, costPerTurn: 10 });
    bench.ask('dear', { cost: 100, count: 50 });
    bench.ask('cheap', { cost: 10, count: 200 });
    for (let index = 0; index < 110; index += 1) await bench.endOne();
    const dear = bench.begun.filter((payer) => payer === 'dear').length;
    expect(dear).toBeGreaterThanOrEqual(8);
    expect(dear).toBeLessThanOrEqual(13);
    await bench.endAll();
  });

  it('who goes and comes back for dear work owes it still', async () => {
    const bench = new Bench({ slotsMax: 1, costPerTurn: 10 });
    bench.ask('steady', { cost: 10, count: 30 });
    bench.ask('again', { cost: 100 });
    for (let index = 0; index < 24; index += 1) {
      await bench.endOne();
      if (bench.begun.at(-1) === 'steady') bench.ask('again', { cost: 100 });
    }
    expect(bench.begun.filter((payer) => payer === 'again').length).toBeLessThan(6);
    await bench.endAll();
  });

  it('one payer has no more slots than it may, and the others go on', async () => {
    const bench = new Bench({ slotsMax: 4, slotsPerPayerMax: 2 });
    bench.ask('many', { count: 10 });
    await turn();
    expect(bench.begun).toEqual(['many', 'many']);
    bench.ask('one');
    bench.ask('other');
    await turn();
    expect(bench.begun).toEqual(['many', 'many', 'one', 'other']);
    await bench.endAll();
    expect(bench.begun).toHaveLength(12);
  });

  it('no more wait than may, in all and for each payer', async () => {
    const bench = new Bench({ slotsMax: 1, waitersMax: 3, waitersPerPayerMax: 2 });
    bench.ask('many', { count: 4 });
    await expect(bench.outcomes.at(-1)).rejects.toMatchObject({ code: 'slots_exhausted' });
    bench.ask('one');
    bench.ask('other');
    await expect(bench.outcomes.at(-1)).rejects.toMatchObject({ code: 'slots_exhausted' });
    await bench.endAll();
    expect(bench.begun).toEqual(['many', 'one', 'many', 'many']);
  });

  it('work that nobody wants any more is never begun, and takes no turn', async () => {
    const bench = new Bench({ slotsMax: 1 });
    bench.ask('a');
    const gone = new AbortController();
    bench.ask('a', { signal: gone.signal, count: 5 });
    bench.ask('b', { count: 2 });
    gone.abort(new Error('went away'));
    await expect(bench.outcomes[1]).rejects.toThrow('went away');
    expect(bench.slots.waiting).toBe(2);
    await bench.endAll();
    expect(bench.begun).toEqual(['a', 'b', 'b']);
    expect(() => bench.ask('late', { signal: gone.signal })).not.toThrow();
    await expect(bench.outcomes.at(-1)).rejects.toThrow('went away');
  });

  it('work that fails gives its slot back', async () => {
    const slots = new FairSlots({ slotsMax: 1 });
    await expect(slots.use('a', () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(await slots.use('b', () => Promise.resolve('done'))).toBe('done');
  });

  it('whatever is asked, given up and done: everything wanted is done once, and never more at a time than may', async () => {
    const step = fc.record({
      payer: fc.constantFrom('a', 'b', 'c'),
      cost: fc.nat({ max: 100 }),
      givenUp: fc.boolean(),
      ends: fc.nat({ max: 3 }),
    });
    const bounds = fc.record({
      slotsMax: fc.integer({ min: 1, max: 3 }),
      slotsPerPayerMax: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(bounds, fc.array(step, { maxLength: 30 }), async (bounds, steps) => {
        const bench = new Bench({ ...bounds, costPerTurn: 7 });
        for (const { payer, cost, givenUp, ends } of steps) {
          const controller = new AbortController();
          bench.ask(payer, { cost, signal: controller.signal });
          for (let index = 0; index < ends; index += 1) await bench.endOne();
          if (givenUp) controller.abort(new Error('given up'));
        }
        await bench.endAll();
        const settled = await Promise.allSettled(bench.outcomes);
        const done = settled.filter(({ status }) => status === 'fulfilled').length;
        expect(done).toBe(bench.begun.length);
        expect(settled.length - done).toBeLessThanOrEqual(steps.filter(({ givenUp }) => givenUp).length);
        expect(bench.most).toBeLessThanOrEqual(bounds.slotsMax);
        expect(bench.slots.waiting).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('a payer that rests after its work waits for its next slot, and nobody else does', async () => {
    const slots = new FairSlots({ slotsMax: 2, slotsPerPayerMax: 1 });
    const begun: string[] = [];
    let endRest: () => void = () => undefined;
    const restOf = () => new Promise<void>((resolve) => (endRest = resolve));
    const work = (name: string) => () => {
      begun.push(name);
      return Promise.resolve(name);
    };
    await expect(slots.use('dear', work('first'), { restOf })).resolves.toBe('first'); // not only after the rest
    const second = slots.use('dear', work('second'));
    const others = ['a', 'b', 'c'].map((name) => slots.use(name, work(name)));
    await Promise.all(others);
    expect(begun).toEqual(['first', 'a', 'b', 'c']);
    endRest();
    await second;
    expect(slots.waiting).toBe(0);
  });
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Holding, MemoryBudget, type MemoryShare } from '../../src/memory/memory-budget.ts';

const step = fc.record({
  kind: fc.constantFrom('grow' as const, 'shrink' as const, 'close' as const, 'take' as const),
  which: fc.nat(11),
  bytes: fc.oneof(fc.nat(2_000), fc.nat(600_000)),
});

it('[MEM-1] counts exactly, never more than fits, and only ever lets a larger holding give way', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const model = new Model();
      for (const { kind, which, bytes } of steps) {
        model[kind](which, bytes);
        model.check();
      }
    }),
  );
});

/** Twelve holdings, in turn in one of two shares, and what they should come to. */
class Model {
  readonly #budget = new MemoryBudget({ bytesMax: 1_000_000 });
  readonly #shares = [700_000, 800_000].map((bytesMax) => this.#budget.share({ bytesMax }));
  readonly #taken = [0, 0];
  readonly #holdings = Array.from({ length: 12 }, (_, index) => this.#open(index));
  #askerBytes = 0;

  grow(which: number, bytes: number): void {
    const holding = this.#holding(which);
    const before = holding.bytes;
    this.#askerBytes = before + bytes;
    const grew = holding.grow(bytes);
    expect(holding.bytes).toBe(grew ? this.#askerBytes : before);
    if (grew) return;
    // Where it was refused, nobody who stands in the way of it was larger.
    for (const other of this.#ofShare(which % 2)) {
      if (other !== holding) expect(other.bytes).toBeLessThanOrEqual(this.#askerBytes);
    }
  }

  take(which: number, bytes: number): void {
    this.#askerBytes = bytes;
    const share = this.#share(which);
    if (share.take(bytes)) this.#taken[which % 2] = (this.#taken[which % 2] ?? 0) + bytes;
  }

  shrink(which: number, bytes: number): void {
    this.#holding(which).shrink(bytes);
  }

  close(which: number): void {
    this.#holding(which).close();
  }

  check(): void {
    for (const [index, { bytes, bytesMax }] of this.#shares.entries()) {
      const held = this.#ofShare(index).reduce((sum, holding) => sum + holding.bytes, 0);
      expect(bytes).toBe(held + (this.#taken[index] ?? 0));
      expect(bytes).toBeLessThanOrEqual(bytesMax);
    }
    expect(this.#budget.bytes).toBe(this.#shares.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(this.#budget.bytes).toBeLessThanOrEqual(this.#budget.bytesMax);
  }

  #share(which: number): MemoryShare {
    return this.#shares[which % 2] ?? expect.fail();
  }

  /** What was closed is opened anew. */
  #holding(which: number): Holding {
    const holding = this.#holdings[which] ?? expect.fail();
    return holding.bytes > 0 ? holding : (this.#holdings[which] = this.#open(which));
  }

  #ofShare(index: number): Holding[] {
    return this.#holdings.filter((_, at) => at % 2 === index);
  }

  #open(which: number): Holding {
    const holding: Holding = this.#share(which).open({
      onGiveWay: () => {
        expect(holding.bytes).toBeGreaterThan(this.#askerBytes);
        holding.close();
      },
    });
    return holding;
  }
}

it('[MEM-1] of 20,000 holdings the one that holds most gives way, and the others keep what they have', () => {
  const share = new MemoryBudget({ bytesMax: 49_998_500 }).share();
  const gave: number[] = [];
  const holdings = Array.from({ length: 20_000 }, (_, index) => {
    const holding: Holding = share.open({
      onGiveWay: () => {
        gave.push(index);
        holding.close();
      },
    });
    return holding;
  });
  for (const [index, holding] of holdings.entries()) {
    expect(holding.grow(index === 12_345 ? 10_000_000 : 2_000)).toBe(true);
  }
  expect(gave).toEqual([]);
  const newcomer = share.open();
  expect(newcomer.grow(1_000)).toBe(true);
  expect(gave).toEqual([12_345]);
  expect(share.bytes).toBe(19_999 * 2_000 + 1_000);
});

it('refuses one that would be as large as the largest, and what was closed', () => {
  const share = new MemoryBudget({ bytesMax: 100 }).share();
  const first: Holding = share.open({
    onGiveWay: () => {
      first.close();
    },
  });
  expect(first.grow(80)).toBe(true);
  const second = share.open();
  expect(second.grow(80)).toBe(false);
  expect(second.grow(79)).toBe(true);
  expect([first.bytes, first.grow(1), share.bytes]).toEqual([0, false, 79]);
});

it('does not ask a holding twice that can free nothing', () => {
  const share = new MemoryBudget({ bytesMax: 100 }).share();
  let asked = 0;
  const stubborn = share.open({
    onGiveWay: () => {
      asked += 1;
    },
  });
  stubborn.grow(100);
  expect([share.take(1), share.take(1), asked]).toEqual([false, false, 1]);
  stubborn.shrink(50);
  expect([share.take(50), share.take(1), asked]).toEqual([true, false, 2]);
});

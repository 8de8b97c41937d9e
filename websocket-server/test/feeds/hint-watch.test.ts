import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HintWatch } from '../../src/feeds/hint-watch.ts';

describe('HintWatch', () => {
  let counters: { hintsLost: number; hintsApplied: number };
  let busUp: boolean;
  let said: string[];
  let watch: HintWatch;

  beforeEach(() => {
    vi.useFakeTimers();
    counters = { hintsLost: 0, hintsApplied: 0 };
    busUp = true;
    said = [];
    watch = new HintWatch({
      counters,
      isBusUp: () => busUp,
      renew: () => said.push('renew'),
      onLost: () => said.push('lost'),
      onFlowing: () => said.push('flowing'),
    });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  function rounds(count: number, { lost = 0, applied = 0 } = {}): void {
    for (let round = 0; round < count; round += 1) {
      counters.hintsLost += lost;
      counters.hintsApplied += applied;
      watch.onRoundEnd();
      vi.advanceTimersByTime(3_000);
    }
  }

  it('[DEL-19] lost hints in successive rounds are reported once, and the subscriber reconnects', () => {
    rounds(2, { lost: 1 });
    expect(said).toEqual([]);
    rounds(10, { lost: 1 });
    expect(said).toEqual(['lost', 'renew']);
    rounds(3, { applied: 5 });
    expect(said).toEqual(['lost', 'renew', 'flowing']);
  });

  it('[DEL-19] also where little is published: rounds without anything say nothing', () => {
    for (let round = 0; round < 3; round += 1) {
      rounds(1, { lost: 1 });
      rounds(7);
    }
    expect(said).toEqual(['lost', 'renew']);
    rounds(30);
    expect(said).toEqual(['lost', 'renew']);
  });

  it('[DEL-19] an occasional lost hint is not reported', () => {
    for (let round = 0; round < 20; round += 1) {
      rounds(1, { lost: 1, applied: 5 });
      rounds(2, { applied: 5 });
    }
    expect(said).toEqual([]);
  });

  it('[DEL-19] it connects anew once a minute at most, and only as long as no hint comes', () => {
    rounds(41, { lost: 1 });
    expect(said).toEqual(['lost', 'renew', 'renew']);
    rounds(40, { lost: 1, applied: 1 });
    expect(said).toEqual(['lost', 'renew', 'renew']);
  });

  it('[DEL-19] while the bus is away no hint is missed', () => {
    rounds(5, { lost: 1 });
    busUp = false;
    rounds(5, { lost: 1 });
    expect(said).toEqual(['lost', 'renew', 'flowing']);
  });
});

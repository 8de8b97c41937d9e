import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RelayCounters } from '../src/relay-counters.ts';
import { action } from './support/delivery-actions.ts';
import { DeliveryWorld } from './support/delivery-world.ts';

const RUNS = 600;
/** A failure is shrunk for a while. */
const PROPERTY_TEST_MS = 180_000;

describe('delivery', () => {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'],
    });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('[DEL-2][DEL-6][DEL-7][DEL-8][DEL-9][DEL-10][DEL-12] whatever the bus, the database and the sockets do, offsets go up by one and everybody gets everything', {
    timeout: PROPERTY_TEST_MS,
  }, async () => {
    const sum = new RelayCounters();
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 120, size: 'max' }), async (actions) => {
        vi.clearAllTimers();
        const world = new DeliveryWorld();
        for (const step of actions) await world.take(step);
        await world.becomeQuiet();
        world.expectEverybodyHasEverything();
        await world.end();
        sum.messagesSent += world.counters.messagesSent;
        sum.truncationsSent += world.counters.truncationsSent;
        sum.hintsEarly += world.counters.hintsEarly;
        sum.gapsRepaired += world.counters.gapsRepaired;
      }),
      { numRuns: RUNS },
    );
    // The runs were about something.
    expect(sum.messagesSent).toBeGreaterThan(5_000);
    expect(sum.truncationsSent).toBeGreaterThan(50);
    expect(sum.hintsEarly).toBeGreaterThan(500);
    expect(sum.gapsRepaired).toBeGreaterThan(500);
  });
});

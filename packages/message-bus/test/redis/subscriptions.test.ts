import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SubscriptionRound, Subscriptions } from '../../src/redis/subscriptions.ts';

describe('Subscriptions', () => {
  it('[BUS-1] a round takes what changed, and resolves who waited for it', async () => {
    const subscriptions = new Subscriptions();
    const confirmed = Promise.all([subscriptions.subscribe('a'), subscriptions.subscribe('b')]);
    const round = subscriptions.takeRound(10);
    expect(round).toEqual({ subscribe: ['a', 'b'], unsubscribe: [] });
    expect(subscriptions.hasChanges).toBe(false);
    subscriptions.confirm(round);
    await confirmed;
  });

  it('a round is bounded; the rest is for the next one', () => {
    const subscriptions = new Subscriptions();
    for (const targetId of ['a', 'b', 'c']) subscriptions.want(targetId);
    expect(subscriptions.takeRound(2).subscribe).toEqual(['a', 'b']);
    expect(subscriptions.takeRound(2).subscribe).toEqual(['c']);
  });

  it('[BUS-1] what is given up before Redis heard of it is never sent, and nobody waits for ever', async () => {
    const subscriptions = new Subscriptions();
    const waiting = subscriptions.subscribe('a');
    subscriptions.unsubscribe('a');
    expect(subscriptions.takeRound(10)).toEqual({ subscribe: [], unsubscribe: [] });
    await waiting;
  });

  it('[BUS-1] a second subscribe while UNSUBSCRIBE is on its way waits for a SUBSCRIBE of its own', async () => {
    const subscriptions = new Subscriptions();
    subscriptions.want('a');
    subscriptions.confirm(subscriptions.takeRound(10));
    subscriptions.unsubscribe('a');
    const leaving = subscriptions.takeRound(10);
    expect(leaving.unsubscribe).toEqual(['a']);
    let resolved = false;
    const again = subscriptions.subscribe('a').then(() => (resolved = true));
    subscriptions.confirm(leaving);
    await settle();
    expect(resolved).toBe(false);
    const returning = subscriptions.takeRound(10);
    expect(returning.subscribe).toEqual(['a']);
    subscriptions.confirm(returning);
    await again;
  });

  it('[BUS-3] a lost connection rejects who waits, and everything wanted is sent again', async () => {
    const subscriptions = new Subscriptions();
    subscriptions.want('a');
    subscriptions.confirm(subscriptions.takeRound(10));
    const waiting = expect(subscriptions.subscribe('b')).rejects.toThrow('gone');
    subscriptions.takeRound(10);
    subscriptions.unsubscribe('a');
    subscriptions.reset(new Error('gone'));
    await waiting;
    expect(subscriptions.takeRound(10)).toEqual({ subscribe: ['b'], unsubscribe: [] });
  });

  it('[BUS-1] whatever the order of calls, rounds and losses: Redis ends at what was last called for', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 60 }), async (steps) => {
        const world = createWorld();
        for (const step of steps) {
          runStep(world, step);
          await settle();
          expect(world.brokenPromises).toEqual([]);
        }
        if (world.inFlight !== undefined) answer(world);
        while (world.subscriptions.hasChanges) {
          send(world);
          answer(world);
        }
        await settle();
        expect(world.brokenPromises).toEqual([]);
        expect(world.unsettled).toBe(0);
        expect(new Set(world.redis)).toEqual(world.wanted);
        for (const targetId of TARGETS) {
          expect(world.subscriptions.isWanted(targetId)).toBe(world.wanted.has(targetId));
        }
      }),
      { numRuns: 500 },
    );
  });
});

const TARGETS = ['a', 'b', 'c', 'd'];

type Step =
  | { readonly do: 'subscribe' | 'want' | 'unsubscribe'; readonly targetId: string }
  | { readonly do: 'send' | 'answer' | 'lose' };

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'subscribe' as const,
        'subscribe' as const,
        'want' as const,
        'unsubscribe' as const,
      ),
      targetId: fc.constantFrom(...TARGETS),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('send' as const, 'answer' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const) }) },
);

/** The calls as their caller sees them, beside a Redis that obeys when it answers. */
interface World {
  readonly subscriptions: Subscriptions;
  readonly wanted: Set<string>;
  redis: Set<string>;
  inFlight: SubscriptionRound | undefined;
  unsettled: number;
  /** Targets whose subscribe resolved while Redis did not have them, though nobody had given them up. */
  readonly brokenPromises: string[];
  readonly unsubscribed: Map<string, number>;
}

function createWorld(): World {
  return {
    subscriptions: new Subscriptions(),
    wanted: new Set(),
    redis: new Set(),
    inFlight: undefined,
    unsettled: 0,
    brokenPromises: [],
    unsubscribed: new Map(),
  };
}

function runStep(world: World, step: Step): void {
  switch (step.do) {
    case 'subscribe':
      world.wanted.add(step.targetId);
      watch(world, step.targetId);
      return;
    case 'want':
      world.wanted.add(step.targetId);
      world.subscriptions.want(step.targetId);
      return;
    case 'unsubscribe':
      world.wanted.delete(step.targetId);
      world.unsubscribed.set(step.targetId, (world.unsubscribed.get(step.targetId) ?? 0) + 1);
      world.subscriptions.unsubscribe(step.targetId);
      return;
    case 'send':
      if (world.inFlight === undefined) send(world);
      return;
    case 'answer':
      answer(world);
      return;
    case 'lose':
      world.redis = new Set();
      world.inFlight = undefined;
      world.subscriptions.reset(new Error('lost'));
      return;
  }
}

function watch(world: World, targetId: string): void {
  const unsubscribedBefore = world.unsubscribed.get(targetId);
  world.unsettled += 1;
  const onSettled = () => (world.unsettled -= 1);
  world.subscriptions.subscribe(targetId).then(() => {
    onSettled();
    const wasGivenUp = world.unsubscribed.get(targetId) !== unsubscribedBefore;
    if (!wasGivenUp && !world.redis.has(targetId)) world.brokenPromises.push(targetId);
  }, onSettled);
}

function send(world: World): void {
  const round = world.subscriptions.takeRound(2);
  const all = [...round.subscribe, ...round.unsubscribe];
  expect(new Set(all).size).toBe(all.length);
  expect(all.length).toBeLessThanOrEqual(2);
  world.inFlight = round;
}

function answer(world: World): void {
  if (world.inFlight === undefined) return;
  for (const targetId of world.inFlight.subscribe) world.redis.add(targetId);
  for (const targetId of world.inFlight.unsubscribe) world.redis.delete(targetId);
  world.subscriptions.confirm(world.inFlight);
  world.inFlight = undefined;
}

/** Lets every promise that is settled by now tell it. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

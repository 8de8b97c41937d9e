import fc from 'fast-check';

export const TARGETS = ['1', '01', 'Bob'];

/** What becomes of one hint on the bus. */
export type Fate =
  | { readonly kind: 'lost' | 'in-time' | 'twice' }
  | { readonly kind: 'late'; readonly afterMs: number };

export type Action =
  | { readonly kind: 'publish'; readonly target: number; readonly fates: readonly Fate[] }
  | { readonly kind: 'noise'; readonly target: number; readonly offset: number; readonly garbage: boolean }
  | {
      readonly kind: 'join';
      readonly target: number;
      readonly from: number | undefined;
      readonly capacity: number;
    }
  | { readonly kind: 'come-back'; readonly client: number; readonly capacity: number }
  | { readonly kind: 'leave' | 'drain'; readonly client: number }
  /** A device without a memory acks a part of what it got, goes, and comes back. */
  | { readonly kind: 'device'; readonly target: number; readonly share: number; readonly capacity: number }
  | { readonly kind: 'reads'; readonly beforeMs: number; readonly afterMs: number; readonly fail: boolean }
  | { readonly kind: 'retention'; readonly target: number; readonly share: number }
  | { readonly kind: 'bus'; readonly state: 'up' | 'down' }
  | { readonly kind: 'restart'; readonly lost: number }
  | { readonly kind: 'wait'; readonly ms: number };

const target = fc.nat(TARGETS.length - 1);
const client = fc.nat(20);
const capacity = fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 6 }));
const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Fate>({ kind: 'in-time' }) },
  { weight: 2, arbitrary: fc.constant<Fate>({ kind: 'lost' }) },
  { weight: 1, arbitrary: fc.constant<Fate>({ kind: 'twice' }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('late' as const), afterMs: fc.integer({ min: 1, max: 40 }) }),
  },
);
/** One thing that happens in the world around the relay. */
export const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      target,
      fates: fc.array(fate, { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('noise' as const),
      target,
      offset: fc.integer({ min: 1, max: 60 }),
      garbage: fc.boolean(),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constant('join' as const),
      target,
      from: fc.option(fc.double({ min: 0, max: 1.2, noNaN: true }), { nil: undefined }),
      capacity,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('come-back' as const), client, capacity }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), client }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('device' as const),
      target,
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      capacity,
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('drain' as const), client }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('reads' as const),
      beforeMs: fc.nat(30),
      afterMs: fc.nat(30),
      fail: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('retention' as const),
      target,
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('bus' as const),
      state: fc.constantFrom('up' as const, 'down' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), lost: fc.nat(3) }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(25) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 500, max: 9_000 }) }),
  },
);

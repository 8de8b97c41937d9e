import fc from 'fast-check';
import { createLogger } from '@postline/service-runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Connection, type ConnectionHost } from '../src/connection.ts';
import { type Delivery, startDelivery } from '../src/delivery.ts';
import { identify } from '../src/identify.ts';
import { RelayCounters } from '../src/relay-counters.ts';
import { ModelBus } from './support/model-bus.ts';
import { ModelClient } from './support/model-client.ts';
import { databaseAway, ModelStore } from './support/model-store.ts';

const TARGETS = ['1', '01', 'Bob'];
const COMPARE_INTERVAL_MS = 3_000;
const COMPARE_INTERVAL_WITHOUT_BUS_MS = 1_000;
/** One comparison, a client's retry of identify, and the reads that follow. */
const QUIET_MS = COMPARE_INTERVAL_MS + 1_500;

const RUNS = 600;
const PROPERTY_TEST_MS = 120_000;

/** What becomes of one hint on the bus. */
type Fate =
  | { readonly kind: 'lost' | 'in-time' | 'twice' }
  | { readonly kind: 'late'; readonly afterMs: number };

type Action =
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
const action: fc.Arbitrary<Action> = fc.oneof(
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

/** The relay's delivery path with everything around it modelled: store, bus, sockets, time. */
class World {
  readonly store = new ModelStore();
  readonly bus = new ModelBus();
  readonly counters = new RelayCounters();
  readonly delivery: Delivery;
  readonly clients: ModelClient[] = [];
  readonly failures: unknown[] = [];
  restarts = 0;

  constructor() {
    this.delivery = startDelivery({
      store: this.store,
      bus: this.bus,
      settings: {
        backlogReadsMax: 2,
        compareIntervalMs: COMPARE_INTERVAL_MS,
        compareIntervalWithoutBusMs: COMPARE_INTERVAL_WITHOUT_BUS_MS,
      },
      counters: this.counters,
      logger: createLogger({ service: 'test', level: 'silent' }),
    });
  }

  async take(step: Action): Promise<void> {
    switch (step.kind) {
      case 'publish':
        for (const fate of step.fates) this.#publish(targetAt(step.target), fate);
        break;
      case 'noise':
        this.bus.deliver(targetAt(step.target), this.#noise(step));
        break;
      case 'join':
        this.#join(step);
        break;
      case 'come-back':
        this.#comeBack(step);
        break;
      case 'leave':
        this.#leave(this.#clientAt(step.client));
        break;
      case 'drain':
        this.#clientAt(step.client)?.socket.drain();
        break;
      case 'reads':
        this.#setReads(step);
        break;
      case 'retention':
        this.store.deleteUpTo(
          targetAt(step.target),
          Math.floor(this.store.head(targetAt(step.target)) * step.share),
        );
        break;
      case 'bus':
        this.bus.turn(step.state);
        break;
      case 'restart':
        this.store.restart(step.lost);
        this.restarts += 1;
        break;
      case 'wait':
        await vi.advanceTimersByTimeAsync(step.ms);
        break;
    }
    this.check();
  }

  check(): void {
    for (const client of this.clients) client.check(this.store);
    expect(this.failures).toEqual([]);
  }

  /** No trouble any more: everybody reads, the database answers, and one comparison has its time. */
  async becomeQuiet(): Promise<void> {
    this.#setReads({ beforeMs: 0, afterMs: 0, fail: false });
    await vi.advanceTimersByTimeAsync(QUIET_MS);
    for (let sentBefore = -1; sentBefore < this.#framesSent(); ) {
      sentBefore = this.#framesSent();
      for (const { socket } of this.clients) socket.drain();
      await vi.advanceTimersByTimeAsync(50);
    }
    this.check();
  }

  expectEverybodyHasEverything(): void {
    for (const { socket, cursor, epoch, clientId } of this.clients) {
      if (socket.terminated) continue;
      if (socket.closedWith === undefined) {
        expect({ clientId, epoch, cursor }).toEqual({
          clientId,
          epoch: this.store.epoch,
          cursor: this.store.head(clientId),
        });
      } else {
        expect(socket.closedWith.code).toBe(4003);
        expect(epoch).not.toBe(this.store.epoch);
      }
    }
  }

  connect(clientId: string, resume: object | undefined, capacity = Number.POSITIVE_INFINITY): ModelClient {
    const client = new ModelClient(clientId, capacity);
    const connection = new Connection({
      id: String(this.clients.length),
      socket: client.socket,
      host: this.#host,
    });
    client.connection = connection;
    client.socket.connection = connection;
    this.clients.push(client);
    connection.onText(JSON.stringify({ type: 'identify', clientId, resume }));
    return client;
  }

  readonly #host: ConnectionHost = {
    identify: (connection, frame) => {
      identify(connection, frame, { ...this.delivery, counters: this.counters, heartbeatSeconds: 25 }).catch(
        (error: unknown) => this.failures.push(error),
      );
    },
    releaseFeed: (feed) => {
      this.delivery.feeds.release(feed);
    },
    forget: () => undefined,
    watchStalled: () => undefined,
  };

  #publish(targetId: string, fate: Fate): void {
    const hint = this.store.append(targetId);
    if (fate.kind === 'late') setTimeout(() => this.bus.deliver(targetId, hint), fate.afterMs);
    else if (fate.kind !== 'lost') this.bus.deliver(targetId, hint);
    if (fate.kind === 'twice') this.bus.deliver(targetId, hint);
  }

  #noise({ target, offset, garbage }: Extract<Action, { kind: 'noise' }>): string {
    if (garbage) return `{"type":"new_message","offset":${offset}`;
    const frame = {
      type: 'new_message',
      id: 'x',
      targetId: targetAt(target),
      data: 'noise',
      createdAt: 'now',
    };
    return JSON.stringify({ ...frame, epoch: 'another epoch', offset });
  }

  #join({ target, from, capacity }: Extract<Action, { kind: 'join' }>): void {
    const clientId = targetAt(target);
    const offset = Math.floor(this.store.head(clientId) * (from ?? 0));
    const resume =
      from === undefined ? undefined : { epoch: this.store.epoch, offsets: { [clientId]: offset } };
    this.connect(clientId, resume, capacity);
  }

  #comeBack({ client, capacity }: Extract<Action, { kind: 'come-back' }>): void {
    const before = this.#clientAt(client);
    if (before?.cursor === undefined) return;
    this.#leave(before);
    const { clientId, epoch, cursor } = before;
    this.connect(clientId, { epoch, offsets: { [clientId]: cursor } }, capacity);
  }

  #leave(client: ModelClient | undefined): void {
    if (client === undefined || client.connection?.state === 'closed') return;
    client.socket.terminate();
    client.connection?.onClosed();
  }

  #setReads({ beforeMs, afterMs, fail }: Omit<Extract<Action, { kind: 'reads' }>, 'kind'>): void {
    const waits = (ms: number) => () =>
      ms === 0 ? Promise.resolve() : new Promise<void>((go) => setTimeout(go, ms));
    this.store.beforeRead = fail ? () => waits(beforeMs)().then(databaseAway) : waits(beforeMs);
    this.store.beforeAnswer = waits(afterMs);
  }

  #clientAt(index: number): ModelClient | undefined {
    return this.clients[index % Math.max(this.clients.length, 1)];
  }

  #framesSent(): number {
    return this.clients.reduce((sum, { socket }) => sum + socket.sent.length, 0);
  }
}

function targetAt(index: number): string {
  return TARGETS[index] ?? '1';
}

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
        const world = new World();
        for (const step of actions) await world.take(step);
        await world.becomeQuiet();
        world.expectEverybodyHasEverything();
        await world.delivery.close();
        for (const { socket, connection } of world.clients) {
          socket.terminate();
          connection?.onClosed();
        }
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

import { expect, vi } from 'vitest';
import { Connection } from '../../src/connection/connection.ts';
import { type Action, type Fate, TARGETS } from './delivery-actions.ts';
import { ModelBus } from './model-bus.ts';
import { ModelClient } from './model-client.ts';
import { ModelDevice } from './model-device.ts';
import { createModelRelay } from './model-relay.ts';
import { databaseAway, ModelStore } from './model-store.ts';

const COMPARE_INTERVAL_MS = 3_000;
const COMPARE_INTERVAL_WITHOUT_BUS_MS = 1_000;
/** One comparison, a client's retry of identify, and the reads that follow. */
const QUIET_MS = COMPARE_INTERVAL_MS + 1_500;

type Handlers = {
  readonly [Kind in Action['kind']]: (step: Extract<Action, { kind: Kind }>) => unknown;
};

/** The relay's delivery path with everything around it modelled: store, bus, sockets, time. */
export class DeliveryWorld {
  readonly store = new ModelStore();
  readonly bus = new ModelBus();
  readonly clients: ModelClient[] = [];
  readonly modelDevices = TARGETS.map((clientId) => new ModelDevice(clientId));
  readonly #relay = createModelRelay(this, {
    backlogReadsMax: 2,
    compareIntervalMs: COMPARE_INTERVAL_MS,
    compareIntervalWithoutBusMs: COMPARE_INTERVAL_WITHOUT_BUS_MS,
  });
  readonly counters = this.#relay.counters;

  /** Lets it happen, and looks at what every client got. */
  async take(step: Action): Promise<void> {
    const happen = this.#handlers[step.kind] as (step: Action) => unknown;
    await happen(step);
    this.check();
  }

  readonly #handlers: Handlers = {
    publish: ({ target, fates }) => {
      for (const fate of fates) this.#publish(targetAt(target), fate);
    },
    noise: (step) => {
      this.bus.deliver(targetAt(step.target), this.#noise(step));
    },
    join: (step) => {
      this.#join(step);
    },
    'come-back': (step) => {
      this.#comeBack(step);
    },
    leave: ({ client }) => {
      this.#leave(this.#clientAt(client));
    },
    device: (step) => {
      this.#deviceComesBack(step);
    },
    drain: ({ client }) => {
      this.#clientAt(client)?.socket.drain();
    },
    reads: (step) => {
      this.#setReads(step);
    },
    retention: ({ target, share }) => {
      const targetId = targetAt(target);
      this.store.deleteUpTo(targetId, Math.floor(this.store.head(targetId) * share));
    },
    bus: ({ state }) => {
      this.bus.turn(state);
    },
    restart: ({ lost }) => {
      this.store.restart(lost);
    },
    wait: ({ ms }) => vi.advanceTimersByTimeAsync(ms),
  };

  check(): void {
    for (const client of this.clients) client.check(this.store);
    for (const device of this.modelDevices) device.check();
    expect(this.#relay.failures).toEqual([]);
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

  async end(): Promise<void> {
    await this.#relay.feeds.close();
    for (const client of this.clients) this.#leave(client);
  }

  #connect(clientId: string, more: object, capacity = Number.POSITIVE_INFINITY): ModelClient {
    const client = new ModelClient(clientId, capacity);
    const connection = new Connection({
      id: String(this.clients.length),
      socket: client.socket,
      host: this.#relay.host,
      address: '127.0.0.1',
    });
    client.connection = connection;
    client.socket.connection = connection;
    this.clients.push(client);
    connection.onText(JSON.stringify({ type: 'identify', clientId, ...more }));
    return client;
  }

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
    this.#connect(clientId, { resume }, capacity);
  }

  #comeBack({ client, capacity }: Extract<Action, { kind: 'come-back' }>): void {
    const before = this.#clientAt(client);
    if (before?.cursor === undefined) return;
    this.#leave(before);
    const { clientId, epoch, cursor } = before;
    this.#connect(clientId, { resume: { epoch, offsets: { [clientId]: cursor } } }, capacity);
  }

  #deviceComesBack({ target, share, capacity }: Extract<Action, { kind: 'device' }>): void {
    const device = this.modelDevices[target];
    if (device === undefined) return;
    device.ack(share, this.store.epoch);
    this.#leave(device.client);
    const identify = { deviceId: 'kiosk', resume: 'last-ack' };
    device.connect(this.#connect(device.clientId, identify, capacity));
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

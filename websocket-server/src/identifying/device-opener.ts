import {
  type DeviceOpening,
  DEVICES_PER_OPEN_MAX,
  type LogPosition,
  type MessageStore,
} from '@postline/message-store';

/** Where a device stopped, by target. */
type Positions = ReadonlyMap<string, LogPosition>;

interface Waiter {
  readonly opening: DeviceOpening;
  readonly resolve: (positions: Positions) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Asks the database where devices stopped. Those that come while it works are asked for together by the next statement:
 * after a relay has died, all of its devices come at once. Clients take turns, so one with a thousand devices keeps
 * nobody else waiting for more than a statement. What waits is bounded by the connections that identify.
 */
export class DeviceOpener {
  readonly #store: Pick<MessageStore, 'openDevices'>;
  /** By client, in the order of their turns. */
  readonly #waiting = new Map<string, Waiter[]>();
  #working = false;

  constructor(store: Pick<MessageStore, 'openDevices'>) {
    this.#store = store;
  }

  /** Where the device stopped; its baselines are stored by then. Rejects where the database doesn't answer. */
  open(opening: DeviceOpening): Promise<Positions> {
    return new Promise((resolve, reject) => {
      const waiter = { opening, resolve, reject };
      const ofClient = this.#waiting.get(opening.clientId);
      if (ofClient === undefined) this.#waiting.set(opening.clientId, [waiter]);
      else ofClient.push(waiter);
      if (!this.#working) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#working = true;
    await new Promise(setImmediate); // all identifies that arrived together
    while (this.#waiting.size > 0) await this.#openSome(this.#takeBatch());
    this.#working = false;
  }

  /** One of each client, then a second one, until the statement is full. */
  #takeBatch(): readonly Waiter[] {
    const batch: Waiter[] = [];
    for (const [clientId, waiters] of this.#waiting) {
      if (batch.length >= DEVICES_PER_OPEN_MAX) break;
      const waiter = waiters.shift();
      if (waiter !== undefined) batch.push(waiter);
      this.#waiting.delete(clientId);
      if (waiters.length > 0) this.#waiting.set(clientId, waiters); // to the end, where this loop comes to it again
    }
    return batch;
  }

  async #openSome(batch: readonly Waiter[]): Promise<void> {
    try {
      const devices = await this.#store.openDevices(batch.map(({ opening }) => opening));
      for (const [index, { resolve }] of batch.entries()) resolve(devices[index] ?? new Map());
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

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
 * after a relay has died, all of its devices come at once. What waits is bounded by the connections that identify.
 */
export class DeviceOpener {
  readonly #store: Pick<MessageStore, 'openDevices'>;
  #waiting: Waiter[] = [];
  #working = false;

  constructor(store: Pick<MessageStore, 'openDevices'>) {
    this.#store = store;
  }

  /** Where the device stopped; its baselines are stored by then. Rejects where the database doesn't answer. */
  open(opening: DeviceOpening): Promise<Positions> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ opening, resolve, reject });
      if (!this.#working) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#working = true;
    await new Promise(setImmediate); // all identifies that arrived together
    while (this.#waiting.length > 0) await this.#openSome(this.#waiting.splice(0, DEVICES_PER_OPEN_MAX));
    this.#working = false;
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

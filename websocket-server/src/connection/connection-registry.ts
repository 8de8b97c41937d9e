import { CLOSE_CODES } from '@postline/protocol';
import type { AddressLimits, AddressUse } from '../admission/address-limits.ts';
import type { RelaySettings } from '../configuration.ts';
import type { Connection } from './connection.ts';
import { HeartbeatWheel } from './heartbeat-wheel.ts';

export interface ConnectionRegistryOptions {
  readonly settings: Pick<
    RelaySettings,
    'connectionsMax' | 'connectionsAwaitingIdentifyMax' | 'identifyTimeoutMs' | 'heartbeatSeconds'
  >;
  readonly addresses: Pick<AddressLimits, 'enter' | 'identified' | 'leave'>;
}

interface Entry {
  /** On the wheel of heartbeats. */
  readonly slot: number;
  readonly address: AddressUse;
}

/** Every open connection, its heartbeats, and its time limit to identify. */
export class ConnectionRegistry {
  readonly #options: ConnectionRegistryOptions;
  readonly #connections = new Map<Connection, Entry>();
  /** Not yet identified, oldest first, so that a sweep looks only at the oldest. */
  readonly #awaitingIdentify = new Set<Connection>();
  readonly #wheel: HeartbeatWheel<Connection>;
  #draining = false;

  constructor(options: ConnectionRegistryOptions) {
    this.#options = options;
    this.#wheel = new HeartbeatWheel(options.settings.heartbeatSeconds);
  }

  get size(): number {
    return this.#connections.size;
  }

  get awaitingIdentifyCount(): number {
    return this.#awaitingIdentify.size;
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  get isFull(): boolean {
    const { connectionsMax, connectionsAwaitingIdentifyMax } = this.#options.settings;
    return this.size >= connectionsMax || this.#awaitingIdentify.size >= connectionsAwaitingIdentifyMax;
  }

  /** Every open connection. */
  all(): Iterable<Connection> {
    return this.#connections.keys();
  }

  /** From now on no new connection is admitted. Returns those that are open. */
  startDraining(): Connection[] {
    this.#draining = true;
    return [...this.#connections.keys()];
  }

  add(connection: Connection): void {
    const slot = this.#wheel.add(connection);
    const address = this.#options.addresses.enter(connection.address);
    this.#connections.set(connection, { slot, address });
    this.#awaitingIdentify.add(connection);
  }

  /** The client has proven who it is, or has failed to: its time to identify no longer runs. */
  endIdentifyWait(connection: Connection): void {
    const entry = this.#connections.get(connection);
    if (entry !== undefined && this.#awaitingIdentify.delete(connection))
      this.#options.addresses.identified(entry.address);
  }

  remove(connection: Connection): void {
    const entry = this.#connections.get(connection);
    if (entry === undefined) return;
    this.#wheel.remove(connection, entry.slot);
    this.endIdentifyWait(connection);
    this.#connections.delete(connection);
    this.#options.addresses.leave(entry.address);
  }

  /** Closes connections that did not identify in time. To be called several times a second. */
  sweep(): void {
    const identifyBefore = performance.now() - this.#options.settings.identifyTimeoutMs;
    for (const connection of this.#awaitingIdentify) {
      if (connection.openedAt > identifyBefore) break;
      this.endIdentifyWait(connection);
      connection.fail('identify_timeout', CLOSE_CODES.identifyTimeout);
    }
  }

  stop(): void {
    this.#wheel.stop();
  }
}

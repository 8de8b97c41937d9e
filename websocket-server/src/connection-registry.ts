import { CLOSE_CODES, type IdentifyFrame } from '@postline/protocol';
import type { AckWriter } from './ack-writer.ts';
import type { RelaySettings } from './configuration.ts';
import type { Connection, ConnectionHost } from './connection.ts';
import type { Feed } from './feed.ts';
import type { FeedDirectory } from './feed-directory.ts';
import { HeartbeatWheel } from './heartbeat-wheel.ts';
import { pause } from './pause.ts';
import { StalledWatch } from './stalled-watch.ts';

/** How exact the waits for identify, progress and unused feeds are. */
const SWEEP_MS = 250;
/** Sockets closed at a time while draining. */
const DRAIN_STEP_MS = 50;
/** With few connections there is nothing to spread: each socket takes this much of the drain at the most. */
const DRAIN_MS_PER_CONNECTION = 10;
/** What the last closed socket gets to answer its close frame. */
const DRAIN_LAST_ANSWER_MS = 2_500;

export interface ConnectionRegistryOptions {
  readonly settings: RelaySettings;
  readonly feeds: Pick<FeedDirectory, 'release' | 'closeUnused'>;
  readonly acks: Pick<AckWriter, 'keep' | 'hurry'>;
  readonly identify: (connection: Connection, frame: IdentifyFrame) => void;
}

/** All open connections, and what happens to them by the clock: heartbeats, waits that are over, draining. */
export class ConnectionRegistry implements ConnectionHost {
  readonly #options: ConnectionRegistryOptions;
  /** Each with its slot on the wheel. */
  readonly #connections = new Map<Connection, number>();
  /** In the order they were opened, so that a sweep looks only at the oldest. */
  readonly #awaitingIdentify = new Set<Connection>();
  readonly #stalled: StalledWatch;
  readonly #wheel: HeartbeatWheel<Connection>;
  readonly #sweepTimer: NodeJS.Timeout;
  #draining = false;

  constructor(options: ConnectionRegistryOptions) {
    this.#options = options;
    this.#stalled = new StalledWatch(options.settings.noProgressMs);
    this.#wheel = new HeartbeatWheel(options.settings.heartbeatSeconds);
    this.#sweepTimer = setInterval(() => {
      this.#sweep();
    }, SWEEP_MS);
  }

  get acks(): Pick<AckWriter, 'keep' | 'hurry'> {
    return this.#options.acks;
  }

  get size(): number {
    return this.#connections.size;
  }

  get awaitingIdentifyCount(): number {
    return this.#awaitingIdentify.size;
  }

  get stalledCount(): number {
    return this.#stalled.size;
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  get isFull(): boolean {
    const { connectionsMax, connectionsAwaitingIdentifyMax } = this.#options.settings;
    return this.size >= connectionsMax || this.#awaitingIdentify.size >= connectionsAwaitingIdentifyMax;
  }

  add(connection: Connection): void {
    this.#connections.set(connection, this.#wheel.add(connection));
    this.#awaitingIdentify.add(connection);
  }

  identify(connection: Connection, frame: IdentifyFrame): void {
    this.#awaitingIdentify.delete(connection);
    this.#options.identify(connection, frame);
  }

  releaseFeed(feed: Feed): void {
    this.#options.feeds.release(feed);
  }

  forget(connection: Connection): void {
    const slot = this.#connections.get(connection);
    if (slot !== undefined) this.#wheel.remove(connection, slot);
    this.#connections.delete(connection);
    this.#awaitingIdentify.delete(connection);
    this.#stalled.remove(connection);
  }

  watchStalled(connection: Connection): void {
    this.#stalled.add(connection);
  }

  /** Closes every socket with 1001, spread over time so that the clients don't all come back in one moment. */
  async drain(): Promise<void> {
    this.#draining = true;
    const open = [...this.#connections.keys()];
    const spreadMs = Math.min(this.#options.settings.drainMs, open.length * DRAIN_MS_PER_CONNECTION);
    const perStep = Math.ceil((open.length * DRAIN_STEP_MS) / Math.max(spreadMs, DRAIN_STEP_MS));
    for (let start = 0; start < open.length; start += perStep) {
      for (const connection of open.slice(start, start + perStep)) {
        connection.socket.close(CLOSE_CODES.draining, 'the relay is going away');
      }
      await pause(DRAIN_STEP_MS);
    }
    await this.#allClosed();
    clearInterval(this.#sweepTimer);
    this.#wheel.stop();
  }

  async #allClosed(): Promise<void> {
    const end = performance.now() + DRAIN_LAST_ANSWER_MS;
    while (this.#connections.size > 0 && performance.now() < end) await pause(DRAIN_STEP_MS);
    for (const connection of this.#connections.keys()) connection.socket.terminate();
  }

  #sweep(): void {
    const identifyBefore = performance.now() - this.#options.settings.identifyTimeoutMs;
    for (const connection of this.#awaitingIdentify) {
      if (connection.openedAt > identifyBefore) break;
      this.#awaitingIdentify.delete(connection);
      connection.fail('identify_timeout', CLOSE_CODES.identifyTimeout);
    }
    this.#stalled.sweep();
    this.#options.feeds.closeUnused();
  }
}

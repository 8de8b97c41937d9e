import type { ClientToken } from '@postline/client-tokens';
import type { Disconnect } from '@postline/message-store';
import { CLOSE_CODES, type IdentifyFrame } from '@postline/protocol';
import type { AckWriter } from '../acks/ack-writer.ts';
import type { AddressLimits, AddressUse } from '../admission/address-limits.ts';
import type { Authentication } from '../identifying/authentication.ts';
import type { RelaySettings } from '../configuration.ts';
import { type Connection, type ConnectionHost, COUNT_WINDOW_MS, type IncomingBounds } from './connection.ts';
import type { Feed } from '../feeds/feed.ts';
import type { FeedDirectory } from '../feeds/feed-directory.ts';
import { HeartbeatWheel } from './heartbeat-wheel.ts';
import { pause } from '../identifying/pause.ts';
import type { SocketQueues } from '../socket/socket-queues.ts';
import { StalledWatch } from './stalled-watch.ts';

/** How exact the waits for identify, progress and unused feeds are. */
const SWEEP_MS = 250;
/** Sockets closed at a time while draining. */
const DRAIN_STEP_MS = 50;
/** With few connections there is nothing to spread: each socket takes this much of the drain at the most. */
const DRAIN_MS_PER_CONNECTION = 10;
/** What the last closed socket gets to answer its close frame. */
const DRAIN_LAST_ANSWER_MS = 2_500;

/** Lets a client that is who it says follow its log. */
export type FollowClient = (
  connection: Connection,
  frame: IdentifyFrame,
  token: ClientToken | undefined,
) => void;

export interface ConnectionRegistryOptions {
  readonly settings: RelaySettings;
  readonly feeds: Pick<FeedDirectory, 'release' | 'closeUnused'>;
  readonly acks: Pick<AckWriter, 'keep' | 'hurry'>;
  readonly authentication: Authentication;
  readonly addresses: Pick<AddressLimits, 'enter' | 'identified' | 'leave' | 'noteBadToken'>;
  readonly follow: FollowClient;
  /** What waits in the sockets. */
  readonly queues: Pick<SocketQueues, 'sweep' | 'isShort'>;
}

/** What is known of an open connection beside itself. */
interface Seat {
  /** On the wheel of heartbeats. */
  readonly slot: number;
  readonly address: AddressUse;
  /** Once it is settled whose it is. */
  clientId: string | undefined;
}

/** All open connections, and what happens to them by the clock: heartbeats, waits that are over, draining. */
export class ConnectionRegistry implements ConnectionHost {
  readonly incomingBounds: IncomingBounds;
  readonly #options: ConnectionRegistryOptions;
  readonly #connections = new Map<Connection, Seat>();
  /** Of which it is not settled whose they are; in the order they were opened, so a sweep looks only at the oldest. */
  readonly #awaitingIdentify = new Set<Connection>();
  readonly #countByClient = new Map<string, number>();
  readonly #stalled: StalledWatch;
  readonly #wheel: HeartbeatWheel<Connection>;
  readonly #sweepTimer: NodeJS.Timeout;
  #draining = false;

  constructor(options: ConnectionRegistryOptions) {
    this.#options = options;
    const { clientFramesPerSecondMax, clientBytesPerSecondMax } = options.settings;
    const windowSeconds = COUNT_WINDOW_MS / 1_000;
    this.incomingBounds = {
      framesMax: clientFramesPerSecondMax * windowSeconds,
      bytesMax: clientBytesPerSecondMax * windowSeconds,
    };
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

  /** A connection was opened from this address. */
  add(connection: Connection, address: string): void {
    const slot = this.#wheel.add(connection);
    const use = this.#options.addresses.enter(address);
    this.#connections.set(connection, { slot, address: use, clientId: undefined });
    this.#awaitingIdentify.add(connection);
  }

  /** What limits for an address count a connection by. */
  addressOf(connection: Connection): string {
    return this.#connections.get(connection)?.address.address ?? '';
  }

  /** Somebody tried a token that is bad: where from is remembered for a while. */
  noteBadToken(connection: Connection): void {
    const seat = this.#connections.get(connection);
    if (seat !== undefined) this.#options.addresses.noteBadToken(seat.address);
  }

  identify(connection: Connection, frame: IdentifyFrame): void {
    this.#options.authentication.identify(connection, frame, (token) => {
      this.#admit(connection, frame, token);
    });
  }

  renewToken(connection: Connection, clientId: string, token: string): void {
    this.#options.authentication.renew(connection, clientId, token);
  }

  releaseFeed(feed: Feed): void {
    this.#options.feeds.release(feed);
  }

  forget(connection: Connection): void {
    const seat = this.#connections.get(connection);
    if (seat === undefined) return;
    this.#wheel.remove(connection, seat.slot);
    this.#connections.delete(connection);
    this.#endWait(connection, seat);
    this.#options.addresses.leave(seat.address);
    if (seat.clientId !== undefined) this.#countDown(seat.clientId);
    this.#options.authentication.forget(connection);
    this.#stalled.remove(connection);
  }

  watchStalled(connection: Connection): void {
    this.#stalled.add(connection);
  }

  /** Closes what these clients had open when the API disconnected them. */
  endDisconnected(disconnects: ReadonlyMap<string, Disconnect>): void {
    for (const [connection, { clientId }] of this.#connections) {
      if (clientId === undefined) continue;
      const disconnect = disconnects.get(clientId);
      if (disconnect === undefined || disconnect.position <= connection.disconnectsSeen) continue;
      connection.fail('disconnected', CLOSE_CODES.disconnectedByApi);
    }
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
    this.#options.authentication.stop();
  }

  /** It is settled whose the connection is. */
  #admit(connection: Connection, frame: IdentifyFrame, token: ClientToken | undefined): void {
    const seat = this.#connections.get(connection);
    if (seat === undefined) return;
    this.#endWait(connection, seat);
    const { clientId } = frame;
    const count = this.#countByClient.get(clientId) ?? 0;
    if (count >= this.#options.settings.connectionsPerClientMax)
      return connection.fail('too_many_connections', CLOSE_CODES.tooMany);
    this.#countByClient.set(clientId, count + 1);
    seat.clientId = clientId;
    this.#options.follow(connection, frame, token);
  }

  #endWait(connection: Connection, { address }: Seat): void {
    if (this.#awaitingIdentify.delete(connection)) this.#options.addresses.identified(address);
  }

  #countDown(clientId: string): void {
    const count = this.#countByClient.get(clientId) ?? 0;
    if (count > 1) this.#countByClient.set(clientId, count - 1);
    else this.#countByClient.delete(clientId);
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
      const seat = this.#connections.get(connection);
      if (seat !== undefined) this.#endWait(connection, seat);
      connection.fail('identify_timeout', CLOSE_CODES.identifyTimeout);
    }
    this.#options.queues.sweep();
    this.#stalled.sweep(this.#options.queues.isShort);
    this.#options.feeds.closeUnused();
  }
}

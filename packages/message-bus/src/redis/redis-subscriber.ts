import { randomUUID } from 'node:crypto';
import { livenessChannel, updatesChannel } from '@postline/protocol';
import { withDeadline } from '@postline/service-runtime';
import type { Redis } from 'ioredis';
import { type BusState, type BusUnavailableError, type HintSubscriberEvents } from '../message-bus.ts';
import { ConnectionWatch } from './connection-watch.ts';
import type { RedisLocator } from './locating/redis-locator.ts';
import { RedisConnection } from './redis-connection.ts';
import { redisUnavailable } from './redis-fault.ts';
import type { RedisTimeouts } from './redis-timeouts.ts';
import { Subscriptions } from './subscriptions.ts';

/** Channels in one SUBSCRIBE: about 50 KB in each direction, which Redis answers within a few ms. */
const TARGETS_PER_ROUND_MAX = 1_000;

export interface RedisSubscriberOptions {
  readonly locator: RedisLocator;
  readonly prefix: string;
  readonly times: RedisTimeouts;
  readonly events: HintSubscriberEvents;
  /** Targets to follow from the start. */
  readonly targetIds?: Iterable<string>;
}

/** One connection, from its handshake to its loss. */
interface Session {
  readonly client: Redis;
  readonly ended: AbortController;
  readonly watch: ConnectionWatch;
  /** The sending of rounds, if it is going on. */
  rounds: Promise<void> | undefined;
}

/**
 * Receives hints. Reports `up` when every subscription is confirmed and a message from a witness has arrived. From then
 * on it checks that the connection answers and that a witness still reaches it.
 */
export class RedisSubscriber {
  readonly #locator: RedisLocator;
  readonly #prefix: string;
  readonly #times: RedisTimeouts;
  readonly #events: HintSubscriberEvents;
  readonly #ownChannel: string;
  readonly #channelPrefixLength: number;
  readonly #subscriptions = new Subscriptions();
  readonly #connection: RedisConnection;
  #session: Session | undefined;
  #state: BusState = 'down';
  #downReason: Error | undefined;
  #closed = false;
  #roundsScheduled = false;

  constructor({ locator, prefix, times, events, targetIds = [] }: RedisSubscriberOptions) {
    this.#locator = locator;
    this.#prefix = prefix;
    this.#times = times;
    this.#events = events;
    for (const targetId of targetIds) this.#subscriptions.want(targetId);
    this.#ownChannel = livenessChannel(prefix, randomUUID());
    this.#channelPrefixLength = updatesChannel(prefix, '').length;
    this.#connection = new RedisConnection(
      { ...times, locator, name: 'postline-subscriber' },
      {
        onReady: (client) => {
          this.#startSession(client);
        },
        onLost: (reason) => {
          this.#endSession(reason);
        },
      },
    );
  }

  get state(): BusState {
    return this.#state;
  }

  async subscribe(targetId: string): Promise<void> {
    if (this.#closed) throw this.#unavailable();
    if (this.#state === 'down') {
      this.want(targetId);
      throw this.#unavailable();
    }
    const confirmed = this.#subscriptions.subscribe(targetId);
    this.#scheduleRounds();
    await confirmed;
  }

  /** Follows a target without waiting for the confirmation. */
  want(targetId: string): void {
    this.#subscriptions.want(targetId);
    this.#scheduleRounds();
  }

  /** Resolves when Redis has confirmed every subscription, or the connection is lost. */
  async confirmAll(): Promise<void> {
    for (let session = this.#session; session !== undefined && !this.#subscriptions.isConfirmed; ) {
      await this.#sendRounds(session);
      session = this.#session;
    }
  }

  /**
   * Resolves when every hint that Redis has sent on this connection so far has arrived: it sends a command, and the
   * answer comes after those hints. Rejects if Redis doesn't answer in time.
   */
  async drain(): Promise<void> {
    if (this.#session !== undefined) await this.#confirmed(this.#session.client.subscribe(this.#ownChannel));
  }

  unsubscribe(targetId: string): void {
    this.#subscriptions.unsubscribe(targetId);
    this.#scheduleRounds();
  }

  async checkReady(): Promise<void> {
    if (this.#state === 'down') throw this.#unavailable();
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#endSession(new Error('the subscriber is closed'));
    await this.#connection.close();
  }

  #startSession(client: Redis): void {
    const ended = new AbortController();
    const watch = new ConnectionWatch({
      client,
      server: this.#connection.server,
      locator: this.#locator,
      ownChannel: this.#ownChannel,
      times: this.#times,
      signal: ended.signal,
      onChecked: () => this.#settleState(session),
    });
    const session: Session = { client, ended, watch, rounds: undefined };
    this.#session = session;
    client.on('message', (channel: string, payload: string) => {
      this.#onMessage(channel, payload);
    });
    this.#run(session).catch((error: unknown) => {
      this.#giveUp(session, error);
    });
  }

  /** The hot path. Every subscribed channel begins with our prefix; the rest of its name is the target. */
  #onMessage(channel: string, payload: string): void {
    const targetId = channel.slice(this.#channelPrefixLength);
    if (this.#subscriptions.isWanted(targetId)) this.#events.onHint(targetId, payload);
    else if (channel === this.#ownChannel) this.#session?.watch.onEcho(payload);
  }

  /**
   * Makes all subscriptions, then watches the connection. Never resolves; rejects when the connection must be replaced.
   */
  async #run(session: Session): Promise<void> {
    await this.#confirmed(session.client.subscribe(this.#ownChannel));
    await this.#sendRounds(session);
    await session.watch.run();
  }

  /** Goes up or down, depending on what the watch has found. */
  async #settleState(session: Session): Promise<void> {
    const { watch, ended } = session;
    ended.signal.throwIfAborted();
    if (watch.fault !== undefined) this.#goDown(watch.fault);
    if (!watch.isProven) return;
    // Subscriptions that were requested while the state was `down` were rejected. They must be confirmed before `up`.
    while (this.#state === 'down' && !this.#subscriptions.isConfirmed) await this.#sendRounds(session);
    ended.signal.throwIfAborted();
    this.#goUp();
  }

  /** Sends the calls of one tick together. */
  #scheduleRounds(): void {
    if (this.#roundsScheduled || this.#session === undefined || !this.#subscriptions.hasChanges) return;
    this.#roundsScheduled = true;
    setImmediate(() => {
      this.#roundsScheduled = false;
      const session = this.#session;
      if (session === undefined) return;
      this.#sendRounds(session).catch((error: unknown) => {
        this.#giveUp(session, error);
      });
    });
  }

  /**
   * Resolves when Redis has confirmed every change. Changes that are requested in the meantime are sent in the next
   * round.
   */
  #sendRounds(session: Session): Promise<void> {
    session.rounds ??= this.#sendEachRound(session).finally(() => {
      session.rounds = undefined;
    });
    return session.rounds;
  }

  async #sendEachRound(session: Session): Promise<void> {
    while (this.#subscriptions.hasChanges && this.#session === session) {
      const round = this.#subscriptions.takeRound(TARGETS_PER_ROUND_MAX);
      const commands: Promise<unknown>[] = [];
      if (round.unsubscribe.length > 0)
        commands.push(session.client.unsubscribe(...this.#channels(round.unsubscribe)));
      if (round.subscribe.length > 0)
        commands.push(session.client.subscribe(...this.#channels(round.subscribe)));
      if (commands.length === 0) continue;
      await this.#confirmed(Promise.all(commands));
      if (this.#session === session) this.#subscriptions.confirm(round);
    }
  }

  #channels(targetIds: readonly string[]): string[] {
    return targetIds.map((targetId) => updatesChannel(this.#prefix, targetId));
  }

  #confirmed(command: Promise<unknown>): Promise<unknown> {
    return withDeadline(command, { what: 'SUBSCRIBE', milliseconds: this.#times.subscribeDeadlineMs });
  }

  /** Drops the connection of a failed session, unless it is already lost. */
  #giveUp(session: Session, error: unknown): void {
    if (this.#session !== session) return;
    this.#connection.replace(toError(error));
  }

  #endSession(reason: Error): void {
    const session = this.#session;
    this.#session = undefined;
    this.#goDown(reason);
    this.#subscriptions.reset(this.#unavailable());
    session?.ended.abort();
    session?.client.removeAllListeners('message');
  }

  #goUp(): void {
    this.#downReason = undefined;
    this.#setState('up');
  }

  #goDown(reason: Error): void {
    this.#downReason = reason;
    this.#setState('down');
    if (!this.#closed) this.#events.onFault?.(this.#unavailable());
  }

  #setState(state: BusState): void {
    if (state === this.#state) return;
    this.#state = state;
    // In a microtask, so that an exception in the callback does not look like a failure of the connection.
    queueMicrotask(() => {
      if (!this.#closed) this.#events.onState(state);
    });
  }

  #unavailable(): BusUnavailableError {
    return redisUnavailable('Redis is away', this.#downReason);
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error('Redis failed');
}

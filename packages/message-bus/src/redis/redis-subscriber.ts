import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { livenessChannel, updatesChannel } from '@postline/protocol';
import { withDeadline, type RedisAddress } from '@postline/service-runtime';
import type { Redis } from 'ioredis';
import { type BusState, type BusUnavailableError, type HintSubscriberEvents } from '../message-bus.ts';
import { LivenessProbe } from './liveness-probe.ts';
import { RedisConnection } from './redis-connection.ts';
import { redisUnavailable } from './redis-fault.ts';
import type { RedisTimeouts } from './redis-timeouts.ts';
import { Subscriptions } from './subscriptions.ts';

/** Channels in one SUBSCRIBE: about 50 KB there and back, which Redis answers within a few ms. */
const TARGETS_PER_ROUND_MAX = 1_000;

export interface RedisSubscriberOptions {
  readonly address: RedisAddress;
  readonly prefix: string;
  readonly times: RedisTimeouts;
  readonly events: HintSubscriberEvents;
  /** Targets to follow from the start. */
  readonly targetIds?: Iterable<string>;
}

/** The lifetime of one connection, from its handshake to its loss. */
interface Session {
  readonly client: Redis;
  readonly ended: AbortController;
  /** The rounds that are being sent, if any. */
  rounds: Promise<void> | undefined;
}

/**
 * Receives hints. Reports `up` once every subscription is confirmed and a message to itself has arrived, and repeats that
 * probe for as long as it lives.
 */
export class RedisSubscriber {
  readonly #prefix: string;
  readonly #times: RedisTimeouts;
  readonly #events: HintSubscriberEvents;
  readonly #ownChannel: string;
  readonly #channelPrefixLength: number;
  readonly #subscriptions = new Subscriptions();
  readonly #connection: RedisConnection;
  readonly #probe: LivenessProbe;
  #session: Session | undefined;
  #state: BusState = 'down';
  #downReason: Error | undefined;
  #closed = false;
  #roundsScheduled = false;

  constructor({ address, prefix, times, events, targetIds = [] }: RedisSubscriberOptions) {
    this.#prefix = prefix;
    this.#times = times;
    this.#events = events;
    for (const targetId of targetIds) this.#subscriptions.want(targetId);
    this.#ownChannel = livenessChannel(prefix, randomUUID());
    this.#channelPrefixLength = updatesChannel(prefix, '').length;
    this.#probe = new LivenessProbe({
      connection: { ...times, address, name: 'postline-liveness' },
      channel: this.#ownChannel,
      deadlineMs: times.probeDeadlineMs,
    });
    this.#connection = new RedisConnection(
      { ...times, address, name: 'postline-subscriber' },
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
   * Resolves when every hint that Redis has sent on this connection until now has arrived: the answer to a command comes
   * after them. Rejects where Redis doesn't answer in time.
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
    await Promise.all([this.#connection.close(), this.#probe.close()]);
  }

  #startSession(client: Redis): void {
    const session: Session = { client, ended: new AbortController(), rounds: undefined };
    this.#session = session;
    client.on('message', (channel: string, payload: string) => {
      this.#onMessage(channel, payload);
    });
    this.#run(session).catch((error: unknown) => {
      this.#giveUp(session, error);
    });
  }

  /** The hot path. Every subscribed channel has our prefix; the rest of its name is the target. */
  #onMessage(channel: string, payload: string): void {
    const targetId = channel.slice(this.#channelPrefixLength);
    if (this.#subscriptions.isWanted(targetId)) this.#events.onHint(targetId, payload);
    else if (channel === this.#ownChannel) this.#probe.onEcho(payload);
  }

  /** Makes all subscriptions, then probes repeatedly that messages arrive. Ends by rejecting. */
  async #run(session: Session): Promise<void> {
    await this.#confirmed(session.client.subscribe(this.#ownChannel));
    let provenAtMs = performance.now();
    for (;;) {
      await this.#sendRounds(session);
      const fault = await this.#probe.check();
      session.ended.signal.throwIfAborted();
      if (fault === undefined) {
        provenAtMs = performance.now();
        // Subscriptions requested meanwhile were rejected, because the state is `down`: they are confirmed before `up`.
        while (this.#state === 'down' && !this.#subscriptions.isConfirmed) await this.#sendRounds(session);
        session.ended.signal.throwIfAborted();
        this.#goUp();
      } else {
        this.#goDown(fault);
        this.#endLongSilence(performance.now() - provenAtMs, fault);
      }
      await sleep(this.#times.probeIntervalMs, undefined, { signal: session.ended.signal });
    }
  }

  #endLongSilence(silentMs: number, fault: Error): void {
    if (silentMs < this.#times.silenceMaxMs) return;
    this.#probe.replaceConnection(fault); // either of the two connections may be the silent one
    throw fault;
  }

  /** Calls of one tick are sent together. */
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

  /** Resolves when Redis has confirmed every change; calls made meanwhile go with the next round. */
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

  /** The session failed: drops its connection, unless it is lost already. */
  #giveUp(session: Session, error: unknown): void {
    if (this.#session !== session) return;
    this.#connection.replace(error instanceof Error ? error : new Error('the subscription failed'));
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
    // In a microtask, so that an exception in the callback does not count as a failure of the connection.
    queueMicrotask(() => {
      if (!this.#closed) this.#events.onState(state);
    });
  }

  #unavailable(): BusUnavailableError {
    return redisUnavailable('Redis is away', this.#downReason);
  }
}

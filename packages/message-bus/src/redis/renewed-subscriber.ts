import { type ControlChannel, controlTopic } from '@postline/protocol';
import type { BusState, HintSubscriber, HintSubscriberEvents } from '../message-bus.ts';
import { RedisSubscriber, type RedisSubscriberOptions } from './redis-subscriber.ts';
import { RenewedLink } from './renewed-link.ts';

/**
 * Receives hints on one connection. On request it opens a new connection, which finds the server again. The old
 * connection closes only after its successor has every subscription and everything that Redis sent on the old one has
 * arrived. In between a hint may arrive twice, which does no harm.
 */
export class RenewedSubscriber implements HintSubscriber {
  readonly #wanted = new Set<string>();
  /** By topic of the control channel. */
  readonly #listeners = new Map<string, () => void>();
  readonly #links: RenewedLink<RedisSubscriber>;

  constructor(options: Omit<RedisSubscriberOptions, 'events' | 'targetIds'>, events: HintSubscriberEvents) {
    this.#links = new RenewedLink({
      open: (linkEvents) =>
        new RedisSubscriber({
          ...options,
          targetIds: this.#wanted,
          events: {
            ...linkEvents,
            onHint: (topic, payload) => {
              const onNotice = topic.startsWith('$') ? this.#listeners.get(topic) : undefined;
              if (onNotice === undefined) events.onHint(topic, payload);
              else onNotice();
            },
          },
        }),
      events,
      beforeRetiring: async (replaced, successor) => {
        await successor.confirmAll();
        await replaced.drain();
      },
    });
  }

  get state(): BusState {
    return this.#links.current.state;
  }

  async subscribe(targetId: string): Promise<void> {
    this.#wanted.add(targetId);
    this.#links.next?.want(targetId);
    const link = this.#links.current;
    try {
      await link.subscribe(targetId);
    } catch (error) {
      if (link === this.#links.current || !this.#wanted.has(targetId)) throw error;
      await this.#links.current.subscribe(targetId); // the link was replaced in the meantime
    }
  }

  listen(channel: ControlChannel, onNotice: () => void): Promise<void> {
    const topic = controlTopic(channel);
    this.#listeners.set(topic, onNotice);
    return this.subscribe(topic);
  }

  unsubscribe(targetId: string): void {
    this.#wanted.delete(targetId);
    for (const link of this.#links.all()) link.unsubscribe(targetId);
  }

  renew(): void {
    this.#links.renew();
  }

  checkReady(): Promise<void> {
    return this.#links.current.checkReady();
  }

  close(): Promise<void> {
    return this.#links.close();
  }
}

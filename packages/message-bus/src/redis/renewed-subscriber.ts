import type { BusState, HintSubscriber, HintSubscriberEvents } from '../message-bus.ts';
import { RedisSubscriber, type RedisSubscriberOptions } from './redis-subscriber.ts';
import { RenewedLink } from './renewed-link.ts';

/**
 * Receives hints on one connection after the other, each made anew by the address. A successor is subscribed to
 * everything, and proven, before the old one ends: in between hints come twice, which harms nobody.
 */
export class RenewedSubscriber implements HintSubscriber {
  readonly #wanted = new Set<string>();
  readonly #links: RenewedLink<RedisSubscriber>;

  constructor(options: Omit<RedisSubscriberOptions, 'events' | 'targetIds'>, events: HintSubscriberEvents) {
    this.#links = new RenewedLink({
      open: (linkEvents) =>
        new RedisSubscriber({
          ...options,
          targetIds: this.#wanted,
          events: {
            ...linkEvents,
            onHint: (targetId, payload) => {
              events.onHint(targetId, payload);
            },
          },
        }),
      ageMaxMs: options.times.connectionAgeMaxMs,
      events,
      beforeRetiring: (successor) => successor.confirmAll(),
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
      await this.#links.current.subscribe(targetId); // replaced meanwhile
    }
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

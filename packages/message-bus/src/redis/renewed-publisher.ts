import { type ControlChannel, controlTopic } from '@postline/protocol';
import type { BusEndEvents, Hint, HintPublisher } from '../message-bus.ts';
import { RedisPublisher, type RedisPublisherOptions } from './redis-publisher.ts';
import { RenewedLink } from './renewed-link.ts';

/** Publishes on one connection after the other; each resolves the address anew. */
export class RenewedPublisher implements HintPublisher {
  readonly #links: RenewedLink<RedisPublisher>;

  constructor(options: Omit<RedisPublisherOptions, 'events'>, events: BusEndEvents | undefined) {
    this.#links = new RenewedLink({
      open: (linkEvents) => new RedisPublisher({ ...options, events: linkEvents }),
      ageMaxMs: options.times.connectionAgeMaxMs,
      events,
    });
  }

  publish(hints: readonly Hint[]): Promise<void> {
    return this.#links.current.publish(hints);
  }

  /** On the wire a notice is a hint without content, for a name that no target has. */
  notify(channel: ControlChannel): Promise<void> {
    return this.publish([{ targetId: controlTopic(channel), frame: '' }]);
  }

  checkReady(): Promise<void> {
    return this.#links.current.checkReady();
  }

  close(): Promise<void> {
    return this.#links.close();
  }
}

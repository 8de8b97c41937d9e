import { type ControlChannel, controlTopic } from '@postline/protocol';
import {
  type BusEndEvents,
  type BusState,
  BusUnavailableError,
  type Hint,
  type HintPublisher,
  type HintSubscriber,
  type HintSubscriberEvents,
  type MessageBus,
} from '../message-bus.ts';

/**
 * Carries hints between publishers and subscribers in one process. It is always `up`. An exception in a subscriber is a
 * programming error: it becomes an uncaught exception, and does not reach the publisher or other subscribers.
 */
export function createInProcessMessageBus(): MessageBus {
  const subscribers = new Set<InProcessSubscriber>();
  return {
    createPublisher: (events) => new InProcessPublisher(subscribers, events),
    createSubscriber: (events) => {
      const subscriber = new InProcessSubscriber(events, () => subscribers.delete(subscriber));
      subscribers.add(subscriber);
      return subscriber;
    },
  };
}

class InProcessPublisher implements HintPublisher {
  readonly #subscribers: ReadonlySet<InProcessSubscriber>;
  #closed = false;

  constructor(subscribers: ReadonlySet<InProcessSubscriber>, events: BusEndEvents | undefined) {
    this.#subscribers = subscribers;
    queueMicrotask(() => {
      if (!this.#closed) events?.onState('up');
    });
  }

  async publish(hints: readonly Hint[]): Promise<void> {
    await this.checkReady();
    for (const hint of hints) {
      for (const subscriber of this.#subscribers) subscriber.deliver(hint);
    }
  }

  notify(channel: ControlChannel): Promise<void> {
    return this.publish([{ targetId: controlTopic(channel), frame: '' }]);
  }

  checkReady(): Promise<void> {
    return this.#closed ? Promise.reject(closedError()) : Promise.resolve();
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }
}

class InProcessSubscriber implements HintSubscriber {
  readonly #events: HintSubscriberEvents;
  readonly #onClose: () => void;
  readonly #targets = new Set<string>();
  /** By topic of the control channel. */
  readonly #listeners = new Map<string, () => void>();
  #state: BusState = 'up';

  constructor(events: HintSubscriberEvents, onClose: () => void) {
    this.#events = events;
    this.#onClose = onClose;
    queueMicrotask(() => {
      if (this.#state === 'up') events.onState('up');
    });
  }

  get state(): BusState {
    return this.#state;
  }

  deliver(hint: Hint): void {
    try {
      if (this.#targets.has(hint.targetId)) this.#events.onHint(hint.targetId, hint.frame);
      else this.#listeners.get(hint.targetId)?.();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  subscribe(targetId: string): Promise<void> {
    if (this.#state === 'up') this.#targets.add(targetId);
    return this.checkReady();
  }

  listen(channel: ControlChannel, onNotice: () => void): Promise<void> {
    if (this.#state === 'up') this.#listeners.set(controlTopic(channel), onNotice);
    return this.checkReady();
  }

  unsubscribe(targetId: string): void {
    this.#targets.delete(targetId);
  }

  renew(): void {
    // There is no connection to renew.
  }

  checkReady(): Promise<void> {
    return this.#state === 'down' ? Promise.reject(closedError()) : Promise.resolve();
  }

  close(): Promise<void> {
    this.#state = 'down';
    this.#targets.clear();
    this.#listeners.clear();
    this.#onClose();
    return Promise.resolve();
  }
}

function closedError(): BusUnavailableError {
  return new BusUnavailableError('this end of the bus is closed');
}

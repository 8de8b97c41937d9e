import {
  type BusState,
  BusUnavailableError,
  type HintSubscriber,
  type HintSubscriberEvents,
} from '@postline/message-bus';

/** A bus with one subscriber, on which a test says what comes, when, and whether it comes at all. */
export class ModelBus {
  readonly subscribed = new Set<string>();
  /** Milliseconds until a subscription is confirmed. */
  confirmMs = 0;
  #state: BusState = 'up';
  #events: HintSubscriberEvents | undefined;

  createSubscriber(events: HintSubscriberEvents): HintSubscriber {
    this.#events = events;
    const isUp = () =>
      this.#state === 'up' ? Promise.resolve() : Promise.reject(new BusUnavailableError('down'));
    const stateNow = () => this.#state;
    return {
      get state() {
        return stateNow();
      },
      subscribe: async (targetId) => {
        if (this.confirmMs > 0) await new Promise((resolve) => setTimeout(resolve, this.confirmMs));
        this.subscribed.add(targetId);
        await isUp();
      },
      listen: isUp,
      unsubscribe: (targetId) => {
        this.subscribed.delete(targetId);
      },
      renew: () => undefined,
      checkReady: isUp,
      close: () => Promise.resolve(),
    };
  }

  /** Something comes on a target's channel, if somebody listens and the bus is there. */
  deliver(targetId: string, payload: string): void {
    if (this.#state === 'up' && this.subscribed.has(targetId)) this.#events?.onHint(targetId, payload);
  }

  turn(state: BusState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#events?.onState(state);
  }
}

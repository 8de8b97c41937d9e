import type { ControlChannel } from '@postline/protocol';
import { describeFault, type FaultReason } from '@postline/service-runtime';

/** A new message of one target: its `new_message` frame as text, ready to forward. */
export interface Hint {
  readonly targetId: string;
  readonly frame: string;
}

/** Hints can be lost, late, repeated or out of order. A reader that needs every message reads the store. */
export interface HintPublisher {
  /**
   * Publishes hints in this order. Resolves when the bus has accepted all of them. Otherwise it rejects with a
   * BusUnavailableError within the publisher's deadline, or at once while the bus is known to be down.
   */
  publish(hints: readonly Hint[]): Promise<void>;

  /** Notifies all listeners of a control channel. Resolves and rejects as `publish` does. */
  notify(channel: ControlChannel): Promise<void>;

  /** Resolves if the bus answers. */
  checkReady(): Promise<void>;

  close(): Promise<void>;
}

/**
 * A subscriber is `up` when every subscription is confirmed and a message to itself has arrived. While it is `down`, it
 * may miss hints. A publisher is `up` when it can publish. While it is `down`, it rejects calls at once.
 */
export type BusState = 'up' | 'down';

/** Publishers and subscribers connect automatically, and report changes of their state. */
export interface BusEndEvents {
  /** Called at each change, including the first `up`. */
  onState(state: BusState): void;
  /** Called each time the connection is lost or an attempt to connect fails. */
  onFault?(error: BusUnavailableError): void;
}

export interface HintSubscriberEvents extends BusEndEvents {
  /** A payload arrived on a target's channel. It is untrusted: any client of the bus can publish there. */
  onHint(targetId: string, payload: string): void;
  /** Also called with `up` after each recovery: hints may have been lost since the last `up`. */
  onState(state: BusState): void;
}

export interface HintSubscriber {
  readonly state: BusState;

  /**
   * Follows a target until `unsubscribe`. Resolves when the bus has confirmed it: hints that are published after that
   * arrive. While the bus is down it rejects with a BusUnavailableError, but the subscription is made when the bus
   * recovers.
   */
  subscribe(targetId: string): Promise<void>;

  /**
   * Calls `onNotice` for each notice on a control channel; it replaces an earlier listener. Resolves, rejects and
   * recovers as `subscribe` does.
   */
  listen(channel: ControlChannel, onNotice: () => void): Promise<void>;

  /** Stops following a target. None of its hints is reported after this call. */
  unsubscribe(targetId: string): void;

  /**
   * Opens a new connection, for which it looks up the address again. The new connection replaces the current one once
   * it works. Use it if hints do not arrive although the state is `up`. Does nothing during another renewal.
   */
  renew(): void;

  /** Resolves if the state is `up`. */
  checkReady(): Promise<void>;

  close(): Promise<void>;
}

/**
 * Carries hints and notices from the API to the relays, and stores nothing. The two kinds, `redis` and `in-process`,
 * pass the same contract suite.
 */
export interface MessageBus {
  /** The sending end. */
  createPublisher(events?: BusEndEvents): HintPublisher;
  /** The receiving end; connects at once and reports `up` when it is connected. */
  createSubscriber(events: HintSubscriberEvents): HintSubscriber;
}

/** The bus could not be reached or did not answer in time. Acknowledged messages do not depend on the bus. */
export class BusUnavailableError extends Error {
  readonly code = 'bus_unavailable';
  readonly reason: FaultReason;

  constructor(what: string, cause?: unknown, reason: FaultReason = describeFault(cause)) {
    super(what, { cause });
    this.name = 'BusUnavailableError';
    this.reason = reason;
  }
}

/** The reason why a call of the bus failed, for logs and `/readyz`. */
export function describeBusFault(error: unknown): FaultReason {
  return error instanceof BusUnavailableError ? error.reason : describeFault(error);
}

import type { ControlChannel } from '@postline/protocol';
import { describeFault, type FaultReason } from '@postline/service-runtime';

/** A new message of one target: its `new_message` frame as text, ready to forward. */
export interface Hint {
  readonly targetId: string;
  readonly frame: string;
}

/** Hints can be lost, late, repeated or out of order; a reader that needs certainty reads the store. */
export interface HintPublisher {
  /**
   * Publishes hints in this order. Resolves once the bus has accepted all of them; rejects with a BusUnavailableError
   * within the publisher's deadline otherwise, and at once while the bus is known to be away.
   */
  publish(hints: readonly Hint[]): Promise<void>;

  /** Notifies everyone who listens on a control channel. Resolves and rejects as `publish` does. */
  notify(channel: ControlChannel): Promise<void>;

  /** Resolves if the bus answers. */
  checkReady(): Promise<void>;

  close(): Promise<void>;
}

/**
 * A subscriber is `up` when every subscription is confirmed and a message to itself has arrived; while it is `down` hints
 * may be missed. A publisher is `up` when it publishes; while it is `down` it rejects at once.
 */
export type BusState = 'up' | 'down';

/** Both ends of a bus connect without being asked, and report changes of their state. */
export interface BusEndEvents {
  /** Called at each change, the first `up` included. */
  onState(state: BusState): void;
  /** Called each time that the connection is lost or an attempt to connect fails. */
  onFault?(error: BusUnavailableError): void;
}

export interface HintSubscriberEvents extends BusEndEvents {
  /** A payload arrived on the channel of a target. It is untrusted: any client of the bus can publish there. */
  onHint(targetId: string, payload: string): void;
  /** Called with `up` after each recovery too: hints may have been lost since the last `up`. */
  onState(state: BusState): void;
}

export interface HintSubscriber {
  readonly state: BusState;

  /**
   * Follows a target until `unsubscribe`. Resolves once the bus has confirmed it: hints published after that arrive.
   * While the bus is away it rejects with a BusUnavailableError; the subscription is made when the bus recovers.
   */
  subscribe(targetId: string): Promise<void>;

  /**
   * Calls `onNotice` for each notice on a control channel; it replaces an earlier listener. Resolves, rejects and recovers
   * as `subscribe` does.
   */
  listen(channel: ControlChannel, onNotice: () => void): Promise<void>;

  /** Stops following a target; none of its hints is reported after the call. */
  unsubscribe(targetId: string): void;

  /**
   * Opens a new connection, resolving the address anew; it replaces the present one once it works. For the case that
   * hints do not arrive although the state is `up`. Does nothing while a renewal is under way.
   */
  renew(): void;

  /** Resolves if the state is `up`. */
  checkReady(): Promise<void>;

  close(): Promise<void>;
}

/**
 * Carries hints and notices from the API to the relays; stores nothing. The two kinds, `redis` and `in-process`, pass the
 * same contract suite.
 */
export interface MessageBus {
  /** The sending end. */
  createPublisher(events?: BusEndEvents): HintPublisher;
  /** The receiving end; connects at once and reports `up` when it is connected. */
  createSubscriber(events: HintSubscriberEvents): HintSubscriber;
}

/** The bus could not be reached or did not answer in time. No acknowledged message depends on the bus. */
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

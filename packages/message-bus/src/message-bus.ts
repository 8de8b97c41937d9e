import type { ControlChannel } from '@postline/protocol';
import { describeFault, type FaultReason } from '@postline/service-runtime';

/** What is told about one target: the new_message frame as text, ready to forward. */
export interface Hint {
  readonly targetId: string;
  readonly frame: string;
}

/** Hints are lost, late, doubled and reordered at times; a reader that needs certainty asks the store. */
export interface HintPublisher {
  /**
   * Tells whoever follows these targets, in this order. Resolves once the bus took all of them; rejects with a
   * BusUnavailableError within the publisher's deadline otherwise, at once while the bus is known to be away.
   */
  publish(hints: readonly Hint[]): Promise<void>;

  /** Notifies everyone who listens on a control channel. Resolves and rejects as `publish` does. */
  notify(channel: ControlChannel): Promise<void>;

  /** Resolves where the bus answers. */
  checkReady(): Promise<void>;

  close(): Promise<void>;
}

/**
 * Of a subscriber `up` means: every subscription was confirmed and a hint sent to oneself came back; `down`: no hint
 * may be expected. Of a publisher: hints are taken, or rejected at once.
 */
export type BusState = 'up' | 'down';

/** Both ends of a bus connect by themselves, and report how that goes. */
export interface BusEndEvents {
  /** Called at each change; the first `up` is one. */
  onState(state: BusState): void;
  /** The connection was lost, or another attempt failed: why. Called for each. */
  onFault?(error: BusUnavailableError): void;
}

export interface HintSubscriberEvents extends BusEndEvents {
  /** A payload came on the channel of a target. Whatever can write to the bus may have written it. */
  onHint(targetId: string, payload: string): void;
  /** Also called with `up` after each recovery: hints may have been lost since the last `up`. */
  onState(state: BusState): void;
}

export interface HintSubscriber {
  readonly state: BusState;

  /**
   * Follows a target until `unsubscribe`. Resolves once the bus confirmed it: a hint published after that arrives.
   * While the bus is away it rejects with a BusUnavailableError, and the subscription is made with the recovery.
   */
  subscribe(targetId: string): Promise<void>;

  /**
   * Calls `onNotice`, instead of one named before, for each notice on a control channel: what it stands for may have
   * changed. Resolves, rejects and recovers as `subscribe` does.
   */
  listen(channel: ControlChannel, onNotice: () => void): Promise<void>;

  /** Follows it no longer; no hint of it is handed out after the call. */
  unsubscribe(targetId: string): void;

  /**
   * Makes a new connection by the address, which takes the place of the present one once it works. For where hints
   * don't come although the state is `up`. Nothing where that is under way already.
   */
  renew(): void;

  /** Resolves where the state is `up`. */
  checkReady(): Promise<void>;

  close(): Promise<void>;
}

/**
 * Carries hints from the API to the relays; stores nothing. Two kinds: `redis` and `in-process`, held to the same
 * contract suite.
 */
export interface MessageBus {
  /** The sending end. */
  createPublisher(events?: BusEndEvents): HintPublisher;
  /** The receiving end, connected at once; its first `up` comes when it is. */
  createSubscriber(events: HintSubscriberEvents): HintSubscriber;
}

/** The bus could not be reached or did not answer in time. Nothing that was acknowledged depends on it. */
export class BusUnavailableError extends Error {
  readonly code = 'bus_unavailable';
  readonly reason: FaultReason;

  constructor(what: string, cause?: unknown, reason: FaultReason = describeFault(cause)) {
    super(what, { cause });
    this.name = 'BusUnavailableError';
    this.reason = reason;
  }
}

/** Why a call of a bus failed, for logs and `/readyz`. */
export function describeBusFault(error: unknown): FaultReason {
  return error instanceof BusUnavailableError ? error.reason : describeFault(error);
}

import type { SubscriberState } from '../message-bus.ts';

/** One end of the bus began or ceased to work: what an operator wants to read in the log, once for each change. */
export interface BusStateChange {
  readonly end: 'publisher' | 'subscriber';
  readonly state: SubscriberState;
  /** With `down`: why. */
  readonly reason?: Error;
}

export type OnBusState = (change: BusStateChange) => void;

/** A function that passes on changes only: a Redis that stays away for an hour is one line, not one for each attempt. */
export function createStateReport(
  end: BusStateChange['end'],
  onState: OnBusState | undefined,
): (state: SubscriberState, reason?: Error) => void {
  let told: SubscriberState | undefined;
  return (state, reason) => {
    if (state === told) return;
    told = state;
    onState?.(reason === undefined ? { end, state } : { end, state, reason });
  };
}

import type { HintSubscriberEvents, SubscriberState } from '../src/index.ts';

export interface RecordedEvents extends HintSubscriberEvents {
  /** `target payload` of each hint, in the order of arrival. */
  readonly hints: string[];
  readonly states: SubscriberState[];
}

/** Events that write down what they are told. */
export function recordEvents(): RecordedEvents {
  const hints: string[] = [];
  const states: SubscriberState[] = [];
  return {
    hints,
    states,
    onHint: (targetId, payload) => hints.push(`${targetId} ${payload}`),
    onState: (state) => states.push(state),
  };
}

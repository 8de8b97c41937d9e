import type { BusState, BusUnavailableError, HintSubscriberEvents } from '../src/index.ts';

export interface RecordedEvents extends HintSubscriberEvents {
  /** `target payload` of each hint, in the order of arrival. */
  readonly hints: string[];
  readonly states: BusState[];
  readonly faults: BusUnavailableError[];
}

/** Events that write down what they are told. */
export function recordEvents(): RecordedEvents {
  const hints: string[] = [];
  const states: BusState[] = [];
  const faults: BusUnavailableError[] = [];
  return {
    hints,
    states,
    faults,
    onHint: (targetId, payload) => hints.push(`${targetId} ${payload}`),
    onState: (state) => states.push(state),
    onFault: (error) => faults.push(error),
  };
}

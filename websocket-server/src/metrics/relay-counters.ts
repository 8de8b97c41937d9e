import type { HistoryFinding } from '@postline/message-store';
import { CLOSE_CODES } from '@postline/protocol';
import { Counts, Distribution } from '@postline/service-runtime';
import type { DeliveryRecorder } from './delivery-recorder.ts';
import { SendDelays } from './send-delays.ts';
import type { SendSpans } from './send-spans.ts';

/** From a client that missed nothing to one that was away for weeks. */
const BACKLOG_BOUNDS_MESSAGES = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000, 10_000, 100_000];

/** Codes with a count of their own; a client may close with any of thousands, and labels must stay few. */
const COUNTED_CLOSE_CODES: ReadonlySet<number> = new Set([
  1000,
  1002,
  1005,
  1006,
  1007,
  1008,
  ...Object.values(CLOSE_CODES),
]);

/** The relay's counters on its hot path: plain numbers, which become metrics only when these are read. */
export class RelayCounters {
  connectionsOpened = 0;
  messagesSent = 0;
  truncationsSent = 0;
  logPagesRead = 0;
  hintsApplied = 0;
  hintsOld = 0;
  hintsEarly = 0;
  hintsForeign = 0;
  /** Messages that a comparison found and whose hint did not arrive before the next comparison. */
  hintsLost = 0;
  gapsRepaired = 0;
  comparisons = 0;
  comparisonsFailed = 0;
  /** Acks that were valid and new to their connection. */
  acksKept = 0;
  /** Acks that were dropped because too many waited. */
  acksDropped = 0;
  /** Calls of the store that saved acks. */
  ackWrites = 0;
  readonly sendDelays = new SendDelays();
  /** Undefined unless the operations page is on. */
  readonly recorder: DeliveryRecorder | undefined;
  /** Undefined unless tracing is on. */
  readonly sendSpans: SendSpans | undefined;
  /** Messages that clients had to catch up with when they identified. */
  readonly identifyBacklogs = new Distribution(BACKLOG_BOUNDS_MESSAGES);
  readonly closesByCode = new Counts<string>();
  readonly refusalsByReason = new Counts<string>();
  readonly tokenChecksByOutcome = new Counts<string>();
  readonly historyChecksByOutcome = new Counts<string>();

  constructor(recorder?: DeliveryRecorder, sendSpans?: SendSpans) {
    this.recorder = recorder;
    this.sendSpans = sendSpans;
    for (const code of COUNTED_CLOSE_CODES) this.closesByCode.add(String(code), 0); // an alert sees the first one too
  }

  countClose(code: number): void {
    this.closesByCode.add(COUNTED_CLOSE_CODES.has(code) ? String(code) : 'other');
  }

  countRefusal(reason: string): void {
    this.refusalsByReason.add(reason);
  }

  countTokenCheck(outcome: 'accepted' | 'invalid' | 'expired' | 'unverifiable'): void {
    this.tokenChecksByOutcome.add(outcome);
  }

  countHistoryCheck(outcome: HistoryFinding['kind'] | 'unanswered'): void {
    this.historyChecksByOutcome.add(outcome);
  }
}

import type { HistoryFinding } from '@postline/message-store';
import { CLOSE_CODES } from '@postline/protocol';

/** Codes that are counted by themselves; a client may close with any of thousands, and labels must stay few. */
const COUNTED_CLOSE_CODES: ReadonlySet<number> = new Set([
  1000,
  1002,
  1005,
  1006,
  1007,
  1008,
  ...Object.values(CLOSE_CODES),
]);

/** What the relay counts on its hot path: plain numbers, turned into metrics only when somebody asks for them. */
export class RelayCounters {
  connectionsOpened = 0;
  messagesSent = 0;
  truncationsSent = 0;
  logPagesRead = 0;
  hintsApplied = 0;
  hintsOld = 0;
  hintsEarly = 0;
  hintsForeign = 0;
  /** Messages that a comparison found and of which no hint came until the next one. */
  hintsLost = 0;
  gapsRepaired = 0;
  comparisons = 0;
  comparisonsFailed = 0;
  /** Acks that were valid and new to their connection. */
  acksKept = 0;
  /** Acks that were not kept, as too many waited. */
  acksDropped = 0;
  /** Calls of the store that took acks. */
  ackWrites = 0;
  readonly closesByCode = new Map<string, number>();
  readonly refusalsByReason = new Map<string, number>();
  readonly tokenChecksByOutcome = new Map<string, number>();
  readonly historyChecksByOutcome = new Map<string, number>();

  countClose(code: number): void {
    countOne(this.closesByCode, COUNTED_CLOSE_CODES.has(code) ? String(code) : 'other');
  }

  countRefusal(reason: string): void {
    countOne(this.refusalsByReason, reason);
  }

  countTokenCheck(outcome: 'accepted' | 'invalid' | 'expired' | 'unverifiable'): void {
    countOne(this.tokenChecksByOutcome, outcome);
  }

  countHistoryCheck(outcome: HistoryFinding['kind'] | 'unanswered'): void {
    countOne(this.historyChecksByOutcome, outcome);
  }
}

function countOne(counts: Map<string, number>, label: string): void {
  counts.set(label, (counts.get(label) ?? 0) + 1);
}

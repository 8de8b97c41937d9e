import {
  describeDatabaseFault,
  DOUBTED_ROWS_MAX,
  type HistoryFinding,
  type KnownRow,
  type MessageStore,
} from '@postline/message-store';
import { type Logger, type Readiness, RepeatedTask } from '@postline/service-runtime';
import type { RelayCounters } from '../metrics/relay-counters.ts';

/** The doubts of one comparison are settled together. */
const GATHER_MS = 20;
/** Between two questions to the server that takes the writes: each opens a connection. */
const PAUSE_MS = 1_000;

const WARNING_KEY = 'history';

/** A row that was seen, and is not what a read says now. */
export interface DoubtedRow extends KnownRow {
  /** By the database's clock: until then at least, this log was the one that is known. */
  readonly sharedUntilMs: number;
}

export interface LogHistoryOptions {
  readonly store: Pick<MessageStore, 'settleHistory'>;
  readonly counters: Pick<RelayCounters, 'countHistoryCheck'>;
  readonly logger: Logger;
  /** Shows in `/readyz`, and logs, that a doubt can't be settled. */
  readonly warnings: Pick<Readiness, 'setWarning' | 'clearWarning'>;
  /** A doubt was settled, and reads go by new connections: every feed is to be compared again. */
  readonly onSettled: () => void;
}

/**
 * Which history the logs are in. A read that contradicts what the relay has seen may come from another server than the
 * one that takes the writes, so it decides nothing: that server is asked. Only what this relay has seen itself is put
 * before it, never what a client claims.
 */
export class LogHistory {
  readonly #options: LogHistoryOptions;
  #epoch: string | undefined;
  /** By target; at most DOUBTED_ROWS_MAX, as further ones only repeat the question. */
  readonly #doubted = new Map<string, DoubtedRow>();
  #isInDoubt = false;
  #wasInDoubt = false;
  readonly #asking = new RepeatedTask({ run: () => this.#settle() });
  #isAsking = false;
  #askedAtMs = -Infinity;

  constructor(options: LogHistoryOptions) {
    this.#options = options;
  }

  /** Whether a read of this epoch can be believed. The first one that the relay reads is. */
  isCurrent(epoch: string): boolean {
    this.#epoch ??= epoch;
    return epoch === this.#epoch;
  }

  /** A read was contradictory; without a row, its epoch was another one. */
  doubt(row?: DoubtedRow): void {
    this.#isInDoubt = true;
    this.#wasInDoubt = true;
    if (row !== undefined && this.#doubted.size < DOUBTED_ROWS_MAX) this.#doubted.set(row.targetId, row);
    this.#plan();
  }

  /** Everything was compared. Where nothing was in doubt, an earlier doubt is over. */
  onRoundEnd(): void {
    if (!this.#wasInDoubt && !this.#isAsking) this.#decided();
    this.#wasInDoubt = false;
  }

  close(): void {
    void this.#asking.stop();
  }

  #plan(): void {
    if (this.#isAsking || !this.#isInDoubt) return;
    this.#asking.runWithin(Math.max(GATHER_MS, this.#askedAtMs + PAUSE_MS - performance.now()));
  }

  async #settle(): Promise<void> {
    const epoch = this.#epoch;
    if (epoch === undefined) return;
    const rows = [...this.#doubted.values()];
    this.#doubted.clear();
    this.#isInDoubt = false;
    this.#isAsking = true;
    this.#askedAtMs = performance.now();
    const sharedUntilMs = rows.length === 0 ? 0 : Math.min(...rows.map((row) => row.sharedUntilMs));
    try {
      const finding = await this.#options.store.settleHistory({ epoch, rows, sharedUntilMs });
      this.#options.counters.countHistoryCheck(finding.kind);
      if (!this.#asking.isStopped) this.#onFinding(finding, epoch, rows.length);
    } catch (error) {
      this.#options.counters.countHistoryCheck('unanswered');
      if (!this.#asking.isStopped) this.#onUndecided(describeDatabaseFault(error).text);
    } finally {
      this.#isAsking = false;
      this.#plan();
    }
  }

  #onFinding(finding: HistoryFinding, previousEpoch: string, rowCount: number): void {
    const { logger, onSettled } = this.#options;
    switch (finding.kind) {
      case 'read-only':
        return this.#onUndecided('it takes no writes, so it may be the one that was left behind');
      case 'too-soon':
        return this.#onUndecided('an epoch was begun only seconds ago');
      case 'unchanged':
        logger.warn(
          'reads came from another server than writes go to: connections to the database are made anew',
        );
        break;
      case 'epoch-changed':
        logger.info({ epoch: finding.epoch, previousEpoch }, 'a new epoch was begun: clients resume');
        this.#epoch = finding.epoch;
        break;
      case 'epoch-begun':
        logger.error(
          { epoch: finding.epoch, previousEpoch, certainUntil: finding.certainUntil, targetsSeen: rowCount },
          'messages that were delivered are no longer in the database, or others stand in their place (a failover that lost commits, a restored backup): a new epoch was begun, and clients resume',
        );
        this.#epoch = finding.epoch;
        break;
    }
    this.#decided();
    onSettled();
  }

  #onUndecided(reason: string): void {
    this.#options.warnings.setWarning(
      WARNING_KEY,
      `Reads from the database contradict what was delivered, and the server that takes the writes can't settle it yet (${reason}). Connections stay; it is asked again.`,
    );
  }

  #decided(): void {
    this.#options.warnings.clearWarning(WARNING_KEY);
  }
}

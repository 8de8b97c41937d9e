import {
  describeDatabaseFault,
  DOUBTED_ROWS_MAX,
  type HistoryFinding,
  type KnownRow,
  type MessageStore,
} from '@postline/message-store';
import { type Logger, type Readiness, RepeatedTask } from '@postline/service-runtime';
import type { RelayCounters } from '../metrics/relay-counters.ts';

/** Time in which the doubts of one comparison gather, to be settled together. */
const GATHER_MS = 20;
/** Time between two queries to the server that takes the writes: each opens a connection. */
const PAUSE_MS = 1_000;

const WARNING_KEY = 'history';

/** A row that was seen, and that a read contradicts now. */
export interface DoubtedRow extends KnownRow {
  /** This log was the known one at least until then, by the database's clock. */
  readonly sharedUntilMs: number;
}

export interface LogHistoryOptions {
  readonly store: Pick<MessageStore, 'settleHistory'>;
  readonly counters: Pick<RelayCounters, 'countHistoryCheck'>;
  readonly logger: Logger;
  /** Show in `/readyz`, and in the log, that a doubt cannot be settled. */
  readonly warnings: Pick<Readiness, 'setWarning' | 'clearWarning'>;
  /** A doubt was settled, and reads use new connections: every feed must be compared again. */
  readonly onSettled: () => void;
}

/**
 * Knows which history the logs are in. A read that contradicts what the relay has seen may come from a server that does
 * not take the writes, so it decides nothing: the one that does is asked, about rows that this relay has seen itself,
 * never about what a client claims.
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

  /** Whether a read of this epoch can be trusted. The first epoch that the relay reads is. */
  isCurrent(epoch: string): boolean {
    this.#epoch ??= epoch;
    return epoch === this.#epoch;
  }

  /** A read contradicts the row, or, without one, is of another epoch. */
  doubt(row?: DoubtedRow): void {
    this.#isInDoubt = true;
    this.#wasInDoubt = true;
    if (row !== undefined && this.#doubted.size < DOUBTED_ROWS_MAX) this.#doubted.set(row.targetId, row);
    this.#plan();
  }

  /** Everything was compared. If nothing was in doubt, an earlier doubt is over. */
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
        return this.#onUndecided('it takes no writes, so it may have been left behind in a failover');
      case 'too-soon':
        return this.#onUndecided('another epoch began only seconds ago');
      case 'unchanged':
        logger.warn(
          'reads came from a server that does not take the writes: the connections to the database are renewed',
        );
        break;
      case 'epoch-changed':
        logger.info({ epoch: finding.epoch, previousEpoch }, 'a new epoch began: clients resume');
        this.#epoch = finding.epoch;
        break;
      case 'epoch-begun':
        logger.error(
          { epoch: finding.epoch, previousEpoch, certainUntil: finding.certainUntil, targetsSeen: rowCount },
          'delivered messages are missing from the database or were replaced (a failover that lost commits, a restored backup): a new epoch began, and clients resume',
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
      `Reads from the database contradict what was delivered, and the server that takes the writes cannot settle it yet (${reason}). Connections stay open; it is asked again.`,
    );
  }

  #decided(): void {
    this.#options.warnings.clearWarning(WARNING_KEY);
  }
}

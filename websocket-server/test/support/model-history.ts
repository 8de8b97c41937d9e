import type { FeedOptions } from '../../src/feeds/feed.ts';
import type { DoubtedRow } from '../../src/feeds/log-history.ts';

/** The history that a feed asks about, as the test wants it. */
export class ModelHistory {
  /** The one that reads are believed of; any, as long as it is undefined. */
  epoch: string | undefined;
  /** Each doubt's row; undefined where only the epoch was in doubt. */
  readonly doubts: (DoubtedRow | undefined)[] = [];
  roundsEnded = 0;

  isCurrent(epoch: string): boolean {
    return this.epoch === undefined || this.epoch === epoch;
  }

  doubt(row?: DoubtedRow): void {
    this.doubts.push(row);
  }

  onRoundEnd(): void {
    this.roundsEnded += 1;
  }
}

/** For feeds in tests that are not about a changed history. */
export function believing(): Pick<FeedOptions, 'history' | 'onSuspicion'> {
  return { history: new ModelHistory(), onSuspicion: () => undefined };
}

import { randomBytes } from 'node:crypto';

/** What is begun after history was changed behind the readers' backs: a backup restored, a failover that lost commits. */
export interface NewEpochOptions {
  /**
   * When the history was changed, where messages have been stored since: those are of the new epoch. Left out: all that
   * is there comes from before.
   */
  readonly restoredAt?: Date | undefined;
}

export interface NewEpoch {
  readonly epoch: string;
  readonly previousEpoch: string;
  readonly targetCount: number;
  /** Targets whose counter was missing or behind their rows, as in a backup that is not of one moment. */
  readonly repairedCount: number;
}

/** 128 random bits as 22 characters. */
const EPOCH_BYTES = 16;

/** An epoch that no reader can know yet. */
export function randomEpoch(): string {
  return randomBytes(EPOCH_BYTES).toString('base64url');
}

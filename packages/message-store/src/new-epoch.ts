import { randomBytes } from 'node:crypto';

/** A new epoch begins after the history was changed: a backup was restored, or a failover lost commits. */
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

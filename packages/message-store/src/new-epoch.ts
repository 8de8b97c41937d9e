import { randomBytes } from 'node:crypto';

/**
 * Options of a new epoch, which begins after the history was changed: a backup was restored, or a failover lost
 * commits.
 */
export interface NewEpochOptions {
  /**
   * When the history was changed, if messages have been stored since then: those belong to the new epoch. If omitted,
   * all stored messages belong to the old epochs.
   */
  readonly restoredAt?: Date | undefined;
}

export interface NewEpoch {
  readonly epoch: string;
  readonly previousEpoch: string;
  readonly targetCount: number;
  /**
   * Targets whose counter was missing or below their last offset, which happens if a backup was not taken at a single
   * moment.
   */
  readonly repairedCount: number;
}

/** 128 random bits as 22 characters. */
const EPOCH_BYTES = 16;

/** An epoch that no reader can know yet. */
export function randomEpoch(): string {
  return randomBytes(EPOCH_BYTES).toString('base64url');
}

import type { RelayCounters } from '../metrics/relay-counters.ts';

/** One lost hint is an API that died; so many rounds with lost ones in a row are hints that don't flow. */
const LOSSY_ROUNDS_MAX = 3;
/** And so many rounds with hints and none lost are hints that flow again. */
const GOOD_ROUNDS_MIN = 3;
/** Between two new connections of the subscriber: an API without Redis loses hints that none can bring back. */
const RENEWAL_PAUSE_MS = 60_000;

export interface HintWatchOptions {
  readonly counters: Pick<RelayCounters, 'hintsLost' | 'hintsApplied'>;
  readonly isBusUp: () => boolean;
  /** Makes the subscriber connect anew. */
  readonly renew: () => void;
  /** Hints don't flow although the bus is up. Called once until `onFlowing`. */
  readonly onLost: () => void;
  readonly onFlowing: () => void;
}

/** Notices that hints don't arrive although the bus says that it is up: it may be another one than the APIs'. */
export class HintWatch {
  readonly #options: HintWatchOptions;
  #lossyRounds = 0;
  #goodRounds = 0;
  #isTold = false;
  #renewedAtMs = -Infinity;
  #lostBefore = 0;
  #appliedBefore = 0;

  constructor(options: HintWatchOptions) {
    this.#options = options;
  }

  /** Every feed was compared. A round in which nothing was published says nothing. */
  onRoundEnd(): void {
    const { counters, isBusUp } = this.#options;
    const wasLost = counters.hintsLost > this.#lostBefore;
    const wasApplied = counters.hintsApplied > this.#appliedBefore;
    this.#lostBefore = counters.hintsLost;
    this.#appliedBefore = counters.hintsApplied;
    if (!isBusUp())
      this.#onFlowing(); // then no hint is expected, and that is said already
    else if (wasLost) this.#onLoss(wasApplied);
    else if (wasApplied) this.#onGoodRound();
  }

  #onLoss(wasApplied: boolean): void {
    this.#goodRounds = 0;
    this.#lossyRounds += 1;
    if (this.#lossyRounds < LOSSY_ROUNDS_MAX) return;
    const isFirst = !this.#isTold;
    this.#isTold = true;
    if (isFirst) this.#options.onLost();
    const nowMs = performance.now();
    if ((!isFirst && wasApplied) || nowMs - this.#renewedAtMs < RENEWAL_PAUSE_MS) return;
    this.#renewedAtMs = nowMs;
    this.#options.renew();
  }

  #onGoodRound(): void {
    this.#goodRounds += 1;
    if (!this.#isTold) this.#lossyRounds = 0;
    else if (this.#goodRounds >= GOOD_ROUNDS_MIN) this.#onFlowing();
  }

  #onFlowing(): void {
    this.#lossyRounds = 0;
    this.#goodRounds = 0;
    if (!this.#isTold) return;
    this.#isTold = false;
    this.#options.onFlowing();
  }
}

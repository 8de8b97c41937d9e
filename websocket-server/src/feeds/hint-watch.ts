import type { RelayCounters } from '../metrics/relay-counters.ts';

/** An API that dies loses one hint; losses in so many rounds in a row mean that hints do not flow. */
const LOSSY_ROUNDS_MAX = 3;
/** So many rounds with hints and without losses mean that hints flow again. */
const GOOD_ROUNDS_MIN = 3;
/** Time between two new connections of the subscriber: if an API has lost Redis, no new connection here helps. */
const RENEWAL_PAUSE_MS = 60_000;

export interface HintWatchOptions {
  readonly counters: Pick<RelayCounters, 'hintsLost' | 'hintsApplied'>;
  readonly isBusUp: () => boolean;
  /** Makes the subscriber reconnect. */
  readonly renew: () => void;
  /** Hints do not flow although the bus is up. Called once until `onFlowing`. */
  readonly onLost: () => void;
  readonly onFlowing: () => void;
}

/** Notices that hints do not arrive although the bus is up: it may be another Redis than the APIs use. */
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

  /** Every feed was compared. A round in which nothing was published proves nothing. */
  onRoundEnd(): void {
    const { counters, isBusUp } = this.#options;
    const wasLost = counters.hintsLost > this.#lostBefore;
    const wasApplied = counters.hintsApplied > this.#appliedBefore;
    this.#lostBefore = counters.hintsLost;
    this.#appliedBefore = counters.hintsApplied;
    if (!isBusUp())
      this.#onFlowing(); // then no hint is expected, and the outage is reported already
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

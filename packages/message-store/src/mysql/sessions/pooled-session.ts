import type { Session } from './session.ts';

/** Sessions that were opened together don't end together: each gets between so much of the highest age and all of it. */
const AGE_SHARE_MIN = 0.8;

/** From this share of its own age on, a session that is in use has a successor opened for it. */
const SUCCESSOR_SHARE = 0.9;

/** A session of a pool, and for how long the pool keeps it. */
export class PooledSession {
  readonly session: Session;
  /** The pool's renewals before it was opened. */
  readonly generation: number;
  /** A younger one has been opened in its place, or is being opened. */
  successor: 'none' | 'opening' | 'open' = 'none';
  /** It has served a call before: its server may have gone, or have become another one's replica, since. */
  wasUsed = false;
  readonly #endMs: number;
  readonly #successorMs: number;

  constructor(session: Session, generation: number, ageMsMax: number) {
    const ageMs = ageMsMax * (AGE_SHARE_MIN + (1 - AGE_SHARE_MIN) * Math.random());
    const nowMs = performance.now();
    this.session = session;
    this.generation = generation;
    this.#endMs = nowMs + ageMs;
    this.#successorMs = nowMs + ageMs * SUCCESSOR_SHARE;
  }

  /** Milliseconds until it has reached its age. */
  get leftMs(): number {
    return this.#endMs - performance.now();
  }

  get needsSuccessor(): boolean {
    return this.successor === 'none' && performance.now() >= this.#successorMs;
  }
}

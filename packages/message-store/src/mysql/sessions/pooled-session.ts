import type { SharedTimeout } from '@postline/service-runtime';
import type { Session } from './session.ts';

/**
 * Each session gets a random age limit, between this share of the maximum and the maximum. So sessions that were opened
 * together don't end together.
 */
const AGE_SHARE_MIN = 0.8;

/** At this share of its age limit, a session in use gets a successor. */
const SUCCESSOR_SHARE = 0.9;

/** A session of a pool, and how long the pool keeps it. */
export class PooledSession {
  readonly session: Session;
  /** How often the pool was renewed before this session was opened. */
  readonly generation: number;
  /** Whether a younger session replaces it, or is being opened. */
  successor: 'none' | 'opening' | 'open' = 'none';
  /** It has served a call before. Since then its server may have gone, or become a replica. */
  wasUsed = false;
  /** Running while it is idle. */
  idleTimeout: SharedTimeout | undefined;
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

  /** Milliseconds until it reaches its age limit. */
  get leftMs(): number {
    return this.#endMs - performance.now();
  }

  get needsSuccessor(): boolean {
    return this.successor === 'none' && performance.now() >= this.#successorMs;
  }
}

import type { ClientEventListeners } from '../client-events.ts';
import type { Token } from '../client-options.ts';
import type { Environment } from '../platform/environment.ts';
import { PostlineError } from '../postline-error.ts';
import { tokenLifeMs } from './token-life.ts';

/** A fresh token is on hand this long before the old one expires, or half its rest of life where that is shorter. */
const RENEW_BEFORE_MS = 60_000;

/** Less than this is not worth a connection. */
const WORTHWHILE_MS = 5_000;

/** However short tokens live, they are asked for no more often. */
const RENEW_INTERVAL_MS_MIN = 1_000;

/** A relay that goes on with a token that should be over by now is in no hurry for another one. */
const OVERDUE_INTERVAL_MS = 60_000;

interface TokenKeeperParts {
  readonly environment: Environment;
  readonly token?: Token;
  /** A fresh token for the connection that is open. */
  readonly onRenewed: (token: string) => void;
  readonly events: ClientEventListeners;
}

/**
 * Has a valid token at hand, and a fresh one before a connection's runs out. How long one lasts is counted from when it
 * was asked for, on a clock that nobody sets; where that is not known, or wrong, the relay says it (4001).
 */
export class TokenKeeper {
  readonly #parts: TokenKeeperParts;
  #token: string | undefined;
  #endsAtMs = 0;
  #cancelTimer: () => void = () => undefined;
  /** Tells a renewal that comes late that nobody waits for it any more. */
  #renewals = 0;

  constructor(parts: TokenKeeperParts) {
    this.#parts = parts;
  }

  /** For a connection that is to be made. Rejects with a PostlineError. */
  async current(): Promise<string | undefined> {
    if (this.#restMs() < WORTHWHILE_MS) await this.#fetch();
    return this.#token;
  }

  /** The relay took it for expired. False where there is no other. */
  forget(): boolean {
    this.#token = undefined;
    return typeof this.#parts.token === 'function';
  }

  /** A connection is open: from here on its token is renewed in time. Where that fails, again after half the rest. */
  startRenewing(): void {
    this.stopRenewing();
    const restMs = this.#restMs();
    if (typeof this.#parts.token !== 'function') return;
    const inMs =
      restMs > 0
        ? Math.max(restMs - Math.min(RENEW_BEFORE_MS, restMs / 2), RENEW_INTERVAL_MS_MIN)
        : OVERDUE_INTERVAL_MS;
    const renewal = this.#renewals;
    this.#cancelTimer = this.#parts.environment.after(inMs, () => void this.#renew(renewal));
  }

  stopRenewing(): void {
    this.#renewals += 1;
    this.#cancelTimer();
  }

  async #renew(renewal: number): Promise<void> {
    const { events, onRenewed } = this.#parts;
    const before = this.#token;
    const error = await this.#fetch().catch((failure: unknown) => failure as PostlineError);
    // Where the connection has gone meanwhile, the next one identifies with what was fetched.
    if (renewal !== this.#renewals) return;
    if (error !== undefined) events.tell('error', error);
    else if (this.#token !== undefined && this.#token !== before) onRenewed(this.#token);
    this.startRenewing();
  }

  /** Rejects with a PostlineError. A token that is given again is as old as it was. */
  async #fetch(): Promise<void> {
    const { environment, token } = this.#parts;
    const askedAtMs = environment.now();
    try {
      const answer: unknown = typeof token === 'function' ? await token() : token;
      if (answer === this.#token) return;
      if (typeof answer !== 'string') throw new TypeError('a token is a text');
      this.#token = answer;
      this.#endsAtMs = askedAtMs + tokenLifeMs(answer);
    } catch (cause) {
      throw new PostlineError('token_failed', { cause });
    }
  }

  /** How long the token that is at hand is good for; 0 where there is none, infinite where it doesn't say. */
  #restMs(): number {
    return this.#token === undefined ? 0 : this.#endsAtMs - this.#parts.environment.now();
  }
}

import type { ClientEventListeners } from '../client-events.ts';
import type { Token } from '../client-options.ts';
import type { Environment } from '../platform/environment.ts';
import { PostlineError } from '../postline-error.ts';
import { tokenLifeMs } from './token-life.ts';

/** A token is renewed this long before it expires, or at half of its remaining life if that is shorter. */
const RENEW_BEFORE_MS = 60_000;

/** A token with less remaining life is not worth a connection. */
const WORTHWHILE_MS = 5_000;

/** Tokens are requested at most this often, however short they live. */
const RENEW_INTERVAL_MS_MIN = 1_000;

/** If the relay still accepts a token that should have expired, the next one is not urgent. */
const OVERDUE_INTERVAL_MS = 60_000;

interface TokenKeeperParts {
  readonly environment: Environment;
  readonly token?: Token;
  readonly send: (frame: { type: 'token'; token: string }) => unknown;
  readonly events: ClientEventListeners;
}

/**
 * Provides a valid token, and renews it before it expires. Its life is counted from the request, on a monotonic clock;
 * if it is unknown or wrong, the relay closes with 4001.
 */
export class TokenKeeper {
  readonly #parts: TokenKeeperParts;
  #token: string | undefined;
  #endsAtMs = 0;
  #cancelTimer: () => void = () => undefined;
  /** Lets a late renewal notice that it is no longer wanted. */
  #renewals = 0;

  constructor(parts: TokenKeeperParts) {
    this.#parts = parts;
  }

  /** The token for a new connection. Rejects with a PostlineError. */
  async current(): Promise<string | undefined> {
    if (this.#restMs() < WORTHWHILE_MS) await this.#fetch();
    return this.#token;
  }

  /** The relay rejected the token as expired. False if there is no other. */
  forget(): boolean {
    this.#token = undefined;
    return typeof this.#parts.token === 'function';
  }

  /** A connection is open: renews its token in time, and after a failure again at half of the remaining life. */
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
    const { events, send } = this.#parts;
    const before = this.#token;
    const error = await this.#fetch().catch((failure: unknown) => failure as PostlineError);
    // If the connection has ended meanwhile, the next one identifies with the fetched token.
    if (renewal !== this.#renewals) return;
    if (error !== undefined) events.emit('error', error);
    else if (this.#token !== undefined && this.#token !== before) send({ type: 'token', token: this.#token });
    this.startRenewing();
  }

  /** Rejects with a PostlineError. A token that is returned again keeps its age. */
  async #fetch(): Promise<void> {
    const { environment, token } = this.#parts;
    const askedAtMs = environment.now();
    try {
      const answer: unknown = typeof token === 'function' ? await token() : token;
      if (answer === this.#token) return;
      if (typeof answer !== 'string') throw new TypeError('not a string');
      this.#token = answer;
      this.#endsAtMs = askedAtMs + tokenLifeMs(answer);
    } catch (cause) {
      throw new PostlineError('token_failed', { cause });
    }
  }

  /** The remaining life of the current token; 0 if there is none, infinite if it does not say. */
  #restMs(): number {
    return this.#token === undefined ? 0 : this.#endsAtMs - this.#parts.environment.now();
  }
}

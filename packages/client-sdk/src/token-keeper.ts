import type { Token } from './client-options.ts';
import type { Environment } from './environment.ts';
import { PostlineError } from './postline-error.ts';
import { type RetryWidths, retryDelayMs } from './reconnect-policy.ts';
import { tokenExpiryMs } from './token-expiry.ts';

/** A fresh token is on hand this long before the old one expires, or half its rest of life where that is shorter. */
const RENEW_BEFORE_MS = 60_000;

/** Less than this is not worth a connection. */
const WORTHWHILE_MS = 5_000;

/** However short tokens live, they are asked for no more often. */
const RENEW_INTERVAL_MS_MIN = 1_000;

export interface TokenKeeperParts extends RetryWidths {
  readonly environment: Environment;
  readonly token: Token | undefined;
  /** A fresh token for the connection that is open. */
  readonly onRenewed: (token: string) => void;
  /** It could not be renewed; it will be tried again. */
  readonly onFailed: (error: PostlineError) => void;
}

/** Has a valid token at hand, and a fresh one before a connection's runs out. */
export class TokenKeeper {
  readonly #parts: TokenKeeperParts;
  #token: string | undefined;
  #cancelTimer: () => void = () => undefined;
  /** Tells a renewal that comes late that nobody waits for it any more. */
  #renewals = 0;

  constructor(parts: TokenKeeperParts) {
    this.#parts = parts;
  }

  /** Whether there can be another token than the one there was. */
  get canRenew(): boolean {
    return typeof this.#parts.token === 'function';
  }

  /** For a connection that is to be made. Rejects with a PostlineError. */
  async current(): Promise<string | undefined> {
    if (this.#token === undefined || this.#restMs(this.#token) < WORTHWHILE_MS)
      this.#token = await this.#fetch();
    return this.#token;
  }

  /** The relay took it for expired. */
  forget(): void {
    this.#token = undefined;
  }

  /** A connection is open: from here on its token is renewed in time. */
  startRenewing(): void {
    this.stopRenewing();
    const restMs = this.#token === undefined ? Number.POSITIVE_INFINITY : this.#restMs(this.#token);
    if (!this.canRenew || restMs === Number.POSITIVE_INFINITY) return;
    const inMs = restMs - Math.min(RENEW_BEFORE_MS, restMs / 2);
    this.#renewIn(Math.max(inMs, RENEW_INTERVAL_MS_MIN), 0);
  }

  stopRenewing(): void {
    this.#renewals += 1;
    this.#cancelTimer();
  }

  #renewIn(milliseconds: number, failures: number): void {
    const renewal = this.#renewals;
    this.#cancelTimer = this.#parts.environment.after(
      milliseconds,
      () => void this.#renew(renewal, failures),
    );
  }

  async #renew(renewal: number, failures: number): Promise<void> {
    try {
      const token = await this.#fetch();
      if (renewal !== this.#renewals || token === undefined) return;
      this.#token = token;
      this.#parts.onRenewed(token);
      this.startRenewing();
    } catch (error) {
      if (renewal !== this.#renewals) return;
      this.#parts.onFailed(error as PostlineError);
      const { environment } = this.#parts;
      this.#renewIn(
        retryDelayMs(failures + 1, this.#parts, () => environment.random()),
        failures + 1,
      );
    }
  }

  async #fetch(): Promise<string | undefined> {
    const { token } = this.#parts;
    if (typeof token !== 'function') return token;
    try {
      return await token();
    } catch (cause) {
      throw new PostlineError('token_failed', 'There is no token.', { cause });
    }
  }

  #restMs(token: string): number {
    return (tokenExpiryMs(token) ?? Number.POSITIVE_INFINITY) - this.#parts.environment.now();
  }
}

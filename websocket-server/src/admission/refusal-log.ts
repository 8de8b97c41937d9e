import type { Logger } from '@postline/service-runtime';
import type { UpgradeRefusal } from './upgrade-refusal.ts';

/** Why a connection is refused: before the upgrade, or on the open socket. */
export type RefusalReason =
  | UpgradeRefusal
  | 'origin-not-allowed'
  | 'token-refused'
  | 'too-many-connections-of-the-client'
  | 'too-many-frames';

/** The same refusal is logged again after this time. */
const REPEAT_MS = 60_000;
/** Clients choose their origin, so origins must not make the log grow. */
const LINES_PER_MINUTE_MAX = 100;
/** Longer than any origin that a browser sends. */
const ORIGIN_CHARACTERS_MAX = 200;

/** The settings to change if the refusal is not wanted. */
const SETTINGS: Readonly<Record<Exclude<RefusalReason, 'draining'>, string>> = {
  'origin-not-allowed': 'ALLOWED_ORIGINS',
  'host-not-allowed': 'ALLOWED_HOSTS',
  'too-many-connections': 'CONNECTIONS_MAX, CONNECTIONS_AWAITING_IDENTIFY_MAX',
  'too-many-from-this-address':
    'CONNECTIONS_PER_ADDRESS_MAX, CONNECTIONS_AWAITING_IDENTIFY_PER_ADDRESS_MAX, TRUSTED_PROXIES',
  'too-many-bad-tokens': 'FAILED_AUTHENTICATIONS_PER_MINUTE, TRUSTED_PROXIES',
  'token-refused': 'CLIENT_TOKEN_SECRET or CLIENT_TOKEN_JWKS_URL, CLIENT_TOKEN_ISSUER, CLIENT_TOKEN_AUDIENCE',
  'too-many-connections-of-the-client': 'CONNECTIONS_PER_CLIENT_MAX',
  'too-many-frames': 'CLIENT_FRAMES_PER_SECOND_MAX, CLIENT_BYTES_PER_SECOND_MAX',
};

/** Logs refused connections: once a minute for each reason with its origin or cause, up to a bound; the rest as a count. */
export class RefusalLog {
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #now: () => number;
  /** When each reason with its origin or cause was last logged, oldest first. */
  readonly #loggedAt = new Map<string, number>();
  #unlogged = 0;
  #countTimer: NodeJS.Timeout | undefined;

  constructor(logger: Pick<Logger, 'warn'>, now: () => number = () => performance.now()) {
    this.#logger = logger;
    this.#now = now;
  }

  /** `cause`: what is wrong with a token. */
  note(reason: RefusalReason, origin?: string, cause?: string): void {
    if (reason === 'draining') return; // expected during a restart
    const shortOrigin = origin?.slice(0, ORIGIN_CHARACTERS_MAX);
    const key = `${reason} ${shortOrigin ?? cause ?? ''}`;
    const now = this.#now();
    for (const [logged, loggedAt] of this.#loggedAt) {
      if (now - loggedAt < REPEAT_MS) break;
      this.#loggedAt.delete(logged);
    }
    if (this.#loggedAt.has(key) || this.#loggedAt.size >= LINES_PER_MINUTE_MAX) {
      this.#count();
    } else {
      this.#loggedAt.set(key, now);
      const setting = SETTINGS[reason];
      this.#logger.warn({ reason, origin: shortOrigin, cause, setting }, 'a connection was refused');
    }
  }

  /** Logs the remaining count; call `note` no more. */
  stop(): void {
    clearTimeout(this.#countTimer);
    this.#logCount();
  }

  #count(): void {
    this.#unlogged += 1;
    this.#countTimer ??= setTimeout(() => {
      this.#logCount();
    }, REPEAT_MS).unref();
  }

  #logCount(): void {
    this.#countTimer = undefined;
    if (this.#unlogged > 0)
      this.#logger.warn(
        { refused: this.#unlogged },
        'more connections were refused than are logged one by one',
      );
    this.#unlogged = 0;
  }
}

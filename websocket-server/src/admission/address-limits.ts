import { RateLimiter } from '@postline/service-runtime';
import type { RelaySettings } from '../configuration.ts';

const MINUTE_SECONDS = 60;

/** The connections of one address; kept as long as there are any. */
export interface AddressUse {
  readonly address: string;
  open: number;
  awaitingIdentify: number;
}

export type AddressLimitSettings = Pick<
  RelaySettings,
  'connectionsPerAddressMax' | 'connectionsAwaitingIdentifyPerAddressMax' | 'failedAuthenticationsPerMinute'
>;

/** Limits on what one address may use of the relay. */
export class AddressLimits {
  readonly #settings: AddressLimitSettings;
  readonly #uses = new Map<string, AddressUse>();
  readonly #badTokens: RateLimiter;

  constructor(settings: AddressLimitSettings) {
    this.#settings = settings;
    const perSecond = settings.failedAuthenticationsPerMinute / MINUTE_SECONDS;
    this.#badTokens = new RateLimiter({ perSecond, burstSeconds: MINUTE_SECONDS });
  }

  /** Addresses with a connection. */
  get size(): number {
    return this.#uses.size;
  }

  /** Why another connection of this address is refused; undefined if it is admitted. */
  refusal(address: string): 'too-many-from-this-address' | 'too-many-bad-tokens' | undefined {
    const { connectionsPerAddressMax, connectionsAwaitingIdentifyPerAddressMax } = this.#settings;
    const { open, awaitingIdentify } = this.#uses.get(address) ?? { open: 0, awaitingIdentify: 0 };
    if (open >= connectionsPerAddressMax || awaitingIdentify >= connectionsAwaitingIdentifyPerAddressMax)
      return 'too-many-from-this-address';
    return this.#badTokens.waitMs(address) > 0 ? 'too-many-bad-tokens' : undefined;
  }

  /** Counts a new connection. Pass the result to `identified` and `leave`. */
  enter(address: string): AddressUse {
    const use = this.#uses.get(address) ?? { address, open: 0, awaitingIdentify: 0 };
    use.open += 1;
    use.awaitingIdentify += 1;
    this.#uses.set(address, use);
    return use;
  }

  /** A connection has identified, or has run out of time. */
  identified(use: AddressUse): void {
    use.awaitingIdentify -= 1;
  }

  /** A connection has ended, after `identified` was called for it. */
  leave(use: AddressUse): void {
    use.open -= 1;
    if (use.open === 0) this.#uses.delete(use.address);
  }

  /** A connection of this address sent a wrong token, not merely an expired one. */
  noteBadToken(address: string): void {
    this.#badTokens.take(address);
  }
}

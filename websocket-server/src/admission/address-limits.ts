import { RateLimiter } from '@postline/service-runtime';
import type { RelaySettings } from '../configuration.ts';

const MINUTE_SECONDS = 60;

/** What one address has here; kept for as long as it has a connection. */
export interface AddressUse {
  readonly address: string;
  open: number;
  awaitingIdentify: number;
}

export type AddressLimitSettings = Pick<
  RelaySettings,
  'connectionsPerAddressMax' | 'connectionsAwaitingIdentifyPerAddressMax' | 'failedAuthenticationsPerMinute'
>;

/** How much of the relay one address may take. */
export class AddressLimits {
  readonly #settings: AddressLimitSettings;
  readonly #uses = new Map<string, AddressUse>();
  readonly #badTokens: RateLimiter;

  constructor(settings: AddressLimitSettings) {
    this.#settings = settings;
    const perSecond = settings.failedAuthenticationsPerMinute / MINUTE_SECONDS;
    this.#badTokens = new RateLimiter({ perSecond, burstSeconds: MINUTE_SECONDS });
  }

  /** Addresses that have a connection. */
  get size(): number {
    return this.#uses.size;
  }

  /** Why a further connection of this address is refused; `undefined` lets it in. */
  refusal(address: string): 'too-many-from-this-address' | 'too-many-bad-tokens' | undefined {
    const { connectionsPerAddressMax, connectionsAwaitingIdentifyPerAddressMax } = this.#settings;
    const { open, awaitingIdentify } = this.#uses.get(address) ?? { open: 0, awaitingIdentify: 0 };
    if (open >= connectionsPerAddressMax || awaitingIdentify >= connectionsAwaitingIdentifyPerAddressMax)
      return 'too-many-from-this-address';
    return this.#badTokens.waitMs(address) > 0 ? 'too-many-bad-tokens' : undefined;
  }

  /** A connection was opened; what is returned is to be told to `identified` and `leave`. */
  enter(address: string): AddressUse {
    const use = this.#uses.get(address) ?? { address, open: 0, awaitingIdentify: 0 };
    use.open += 1;
    use.awaitingIdentify += 1;
    this.#uses.set(address, use);
    return use;
  }

  /** A connection no longer waits to be identified. */
  identified(use: AddressUse): void {
    use.awaitingIdentify -= 1;
  }

  /** A connection is over, whose wait to be identified is as well. */
  leave(use: AddressUse): void {
    use.open -= 1;
    if (use.open === 0) this.#uses.delete(use.address);
  }

  noteBadToken({ address }: AddressUse): void {
    this.#badTokens.take(address);
  }
}

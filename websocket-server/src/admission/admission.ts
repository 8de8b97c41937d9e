import type { IncomingMessage } from 'node:http';
import { addressGroup, clientAddress, isHostAllowed, isOriginAllowed } from '@postline/service-runtime';
import type { RelaySettings } from '../configuration.ts';
import type { RelayCounters } from '../metrics/relay-counters.ts';
import type { AddressLimits } from './address-limits.ts';
import type { RefusalLog, RefusalReason } from './refusal-log.ts';
import { TcpConnectionLimit } from './tcp-connection-limit.ts';
import type { UpgradeRefusal } from './upgrade-refusal.ts';

export interface AdmissionOptions {
  readonly settings: RelaySettings;
  readonly counters: Pick<RelayCounters, 'countRefusal'>;
  readonly refusals: RefusalLog;
  readonly addresses: Pick<AddressLimits, 'refusal'>;
  readonly connections: { readonly isDraining: boolean; readonly isFull: boolean };
}

/** Decides which requests may become a client's connection. Counts and logs each refusal. */
export class Admission {
  readonly tcpConnections: TcpConnectionLimit;
  readonly #options: AdmissionOptions;
  readonly #refusals: RefusalLog;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#refusals = options.refusals;
    this.tcpConnections = new TcpConnectionLimit(options.settings, () => {
      this.#note('too-many-from-this-address');
    });
  }

  /** The address that the limits count this request by. */
  addressOf(request: IncomingMessage): string {
    return addressGroup(clientAddress(request, this.#options.settings.trustedProxies));
  }

  /** Why the request is refused; undefined if it is admitted. Leaves the origin to `admitsOrigin`. */
  refusal(request: IncomingMessage): UpgradeRefusal | undefined {
    const refusal = this.#find(request);
    if (refusal !== undefined) this.#note(refusal, request.headers.origin);
    return refusal;
  }

  /** Apart from `refusal`, because a page can read the reason only on an open socket. */
  admitsOrigin({ headers: { origin } }: IncomingMessage): boolean {
    const isAllowed = isOriginAllowed(this.#options.settings.originRules, origin);
    if (!isAllowed) this.#note('origin-not-allowed', origin);
    return isAllowed;
  }

  #find(request: IncomingMessage): UpgradeRefusal | undefined {
    const { settings, connections, addresses } = this.#options;
    if (connections.isDraining) return 'draining';
    if (settings.auth === 'open' && !isHostAllowed(settings.allowedHosts, request.headers.host))
      return 'host-not-allowed';
    if (connections.isFull) return 'too-many-connections';
    if (this.tcpConnections.isBeyond(request.socket)) return 'too-many-from-this-address';
    return addresses.refusal(this.addressOf(request));
  }

  #note(reason: RefusalReason, origin?: string): void {
    this.#options.counters.countRefusal(reason);
    this.#refusals.note(reason, origin);
  }
}

import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { addressGroup, Counts, isTrustedProxy, plainAddress } from '@postline/service-runtime';
import type { RelaySettings } from '../configuration.ts';

export type TcpConnectionLimitSettings = Pick<
  RelaySettings,
  'connectionsPerAddressMax' | 'connectionsAwaitingIdentifyPerAddressMax' | 'trustedProxies'
>;

/**
 * Counts the TCP connections of each address, whatever they carry: plain requests, incomplete ones, nothing, or
 * WebSockets. A connection beyond `connectionsPerAddressMax` gets one answer, 429, and is closed. At most
 * `connectionsAwaitingIdentifyPerAddressMax` of those are open at a time; the next one is closed without an answer.
 * Connections of trusted proxies are not counted: their upgrades count for the address that they forward.
 */
export class TcpConnectionLimit {
  readonly #settings: TcpConnectionLimitSettings;
  readonly #onRefused: () => void;
  readonly #counts = new Counts<string>();
  readonly #beyond = new WeakSet<Socket>();

  constructor(settings: TcpConnectionLimitSettings, onRefused: () => void = () => undefined) {
    this.#settings = settings;
    this.#onRefused = onRefused;
  }

  guard(server: Server): void {
    server.on('connection', (socket: Socket) => {
      this.#enter(socket);
    });
  }

  /** True if this connection's address was at its limit when the connection was opened. */
  isBeyond(socket: Socket): boolean {
    return this.#beyond.has(socket);
  }

  #enter(socket: Socket): void {
    const { connectionsPerAddressMax, connectionsAwaitingIdentifyPerAddressMax, trustedProxies } =
      this.#settings;
    const peer = plainAddress(socket.remoteAddress ?? '');
    if (isTrustedProxy(peer, trustedProxies)) return;
    const address = addressGroup(peer);
    const count = this.#counts.get(address) + 1;
    if (count > connectionsPerAddressMax + connectionsAwaitingIdentifyPerAddressMax) {
      socket.destroy();
      this.#onRefused();
      return;
    }
    if (count > connectionsPerAddressMax) this.#beyond.add(socket);
    this.#counts.add(address);
    socket.once('close', () => {
      this.#counts.subtract(address);
    });
  }
}

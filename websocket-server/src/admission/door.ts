import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { addressGroup, isTrustedProxy, plainAddress } from '@postline/service-runtime';
import type { RelaySettings } from '../configuration.ts';

export type DoorSettings = Pick<
  RelaySettings,
  'connectionsPerAddressMax' | 'connectionsAwaitingIdentifyPerAddressMax' | 'trustedProxies'
>;

/**
 * Counts the TCP connections of each address, whatever they speak or don't: plain requests, half ones, nothing, and
 * WebSockets. Beyond `connectionsPerAddressMax` a connection gets one answer, 429, and is closed; so many of them at a
 * time as may wait to identify, and none beyond. A trusted proxy stands for many: its upgrades are counted by whom they
 * are forwarded for, and its connections not at all.
 */
export class Door {
  readonly #settings: DoorSettings;
  readonly #onRefused: () => void;
  readonly #counts = new Map<string, number>();
  readonly #beyond = new WeakSet<Socket>();

  constructor(settings: DoorSettings, onRefused: () => void = () => undefined) {
    this.#settings = settings;
    this.#onRefused = onRefused;
  }

  guard(server: Server): void {
    server.on('connection', (socket: Socket) => {
      this.#enter(socket);
    });
  }

  /** True where this connection's address had as many as it may when it was opened. */
  isBeyond(socket: Socket): boolean {
    return this.#beyond.has(socket);
  }

  #enter(socket: Socket): void {
    const { connectionsPerAddressMax, connectionsAwaitingIdentifyPerAddressMax, trustedProxies } =
      this.#settings;
    const peer = plainAddress(socket.remoteAddress ?? '');
    if (isTrustedProxy(peer, trustedProxies)) return;
    const address = addressGroup(peer);
    const count = (this.#counts.get(address) ?? 0) + 1;
    if (count > connectionsPerAddressMax + connectionsAwaitingIdentifyPerAddressMax) {
      socket.destroy();
      this.#onRefused();
      return;
    }
    if (count > connectionsPerAddressMax) this.#beyond.add(socket);
    this.#counts.set(address, count);
    socket.once('close', () => {
      this.#leave(address);
    });
  }

  #leave(address: string): void {
    const count = this.#counts.get(address) ?? 0;
    if (count > 1) this.#counts.set(address, count - 1);
    else this.#counts.delete(address);
  }
}

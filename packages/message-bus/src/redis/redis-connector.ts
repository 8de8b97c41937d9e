import { createConnection, type Socket } from 'node:net';
import { connect as connectByTls, type TLSSocket } from 'node:tls';
import type { RedisAddress } from '@postline/service-runtime';
import { AbstractConnector } from 'ioredis';

/** A socket to an address, by TLS where it says so. It never throws for want of a listener for its errors. */
export function openRedisSocket({ host, port, path, family, tls }: RedisAddress): Socket | TLSSocket {
  const target = path === undefined ? { host, port: port ?? 0, family: family ?? 0 } : { path };
  const socket = tls === undefined ? createConnection(target) : connectByTls({ ...target, ...tls });
  return socket.on('error', ignoreError);
}

/** Whoever needs to know of an error has a listener of their own. */
function ignoreError(): void {
  return undefined;
}

/**
 * Makes the sockets of the driver, whose own connector listens for one error of each: a second one, as TLS gives when
 * it fails while the connection ends, would be uncaught and end the process.
 */
export class RedisConnector extends AbstractConnector {
  readonly #address: RedisAddress;

  constructor(address: RedisAddress, disconnectTimeoutMs: number) {
    super(disconnectTimeoutMs);
    this.#address = address;
  }

  override async connect(): Promise<Socket | TLSSocket> {
    this.connecting = true;
    await Promise.resolve(); // the driver may take the call back in the tick in which it made it
    if (!this.#isConnecting()) throw new Error('Connection is closed.');
    const socket = openRedisSocket(this.#address);
    socket.once('error', (error: Error) => {
      this.firstError = error;
    });
    this.stream = socket;
    return socket;
  }

  #isConnecting(): boolean {
    return this.connecting;
  }
}

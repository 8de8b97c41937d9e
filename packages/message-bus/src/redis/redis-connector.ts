import { createConnection, type Socket } from 'node:net';
import { connect as connectByTls, type TLSSocket } from 'node:tls';
import type { RedisAddress } from '@postline/service-runtime';
import { AbstractConnector } from 'ioredis';

/** Finds the address to connect to. Rejects soon once the signal says that nobody waits for it any more. */
export type Locate = (signal: AbortSignal) => Promise<RedisAddress>;

/** Opens a socket, with TLS if the address says so. It has a listener for errors, so none of them is uncaught. */
export function openRedisSocket({ host, port, path, family, tls }: RedisAddress): Socket | TLSSocket {
  const target = path === undefined ? { host, port: port ?? 0, family: family ?? 0 } : { path };
  const socket = tls === undefined ? createConnection(target) : connectByTls({ ...target, ...tls });
  return socket.on('error', ignoreError);
}

/** Code that needs an error adds its own listener. */
function ignoreError(): void {
  return undefined;
}

/**
 * Opens the sockets of the driver. The driver's own connector listens for one error of each socket only: a second one,
 * which TLS emits if it fails while the connection closes, would end the process.
 */
export class RedisConnector extends AbstractConnector {
  readonly #locate: Locate;
  readonly #cancelled = new AbortController();

  constructor(locate: Locate, disconnectTimeoutMs: number) {
    super(disconnectTimeoutMs);
    this.#locate = locate;
  }

  override async connect(): Promise<Socket | TLSSocket> {
    this.connecting = true;
    const address = await this.#locate(this.#cancelled.signal);
    if (!this.#isConnecting()) throw new Error('Connection is closed.'); // the driver cancelled meanwhile
    const socket = openRedisSocket(address);
    socket.once('error', (error: Error) => {
      this.firstError = error;
    });
    this.stream = socket;
    return socket;
  }

  override disconnect(): void {
    super.disconnect();
    this.#cancelled.abort();
  }

  #isConnecting(): boolean {
    return this.connecting;
  }
}

import { createConnection, type Socket } from 'node:net';
import { connect as connectByTls, type TLSSocket } from 'node:tls';
import type { RedisAddress } from '@postline/service-runtime';
import { AbstractConnector } from 'ioredis';

/** Finds the address to connect to. Rejects soon after the signal was aborted. */
export type Locate = (signal: AbortSignal) => Promise<RedisAddress>;

/** Opens a socket, with TLS if the address requires it. It has an error listener, so no error is uncaught. */
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
 * Opens the driver's sockets. The driver's own connector listens only for the first error of each socket. TLS emits a
 * second one if it fails while the connection closes, and that would end the process.
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
    if (!this.#isConnecting()) throw new Error('Connection is closed.'); // the driver cancelled in the meantime
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

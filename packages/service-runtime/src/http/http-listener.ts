import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SettingsError } from '../settings/settings.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A real client sends its headers sooner (Node's default is 60 s). */
const HEADERS_TIMEOUT_MS = 10_000;
/** An 8 MiB batch over a slow line; Node's default is 300 s. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Above the idle timeout of common load balancers (60 s), so that the balancer is the one that closes. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
/** How often Node checks for requests that took too long. */
const TIMEOUT_CHECK_INTERVAL_MS = 2_000;

/**
 * Connections that may wait to be accepted; the system may lower it. With Node's 511, a reconnect storm of 10,000
 * clients overflows the queue, and dropped clients wait for up to a minute.
 */
const ACCEPT_QUEUE_MAX = 4_096;

/** While the server closes, connections that became idle are ended this often. */
const IDLE_CHECK_INTERVAL_MS = 20;

/** Options for `http.createServer`: Node's own waits are too long for a public port. */
export const HTTP_SERVER_OPTIONS = {
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
  connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
} as const;

/** Binds the server. Returns its port, which the system chooses for port 0. */
export function listen(server: Server, address: ListenAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...address, backlog: ACCEPT_QUEUE_MAX }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** As `listen`, but an address that cannot be used is a SettingsError, which names the variable to change. */
export async function listenOn(
  service: { readonly listen: (address: ListenAddress) => Promise<number> },
  { portVariable, ...address }: ListenAddress & { readonly portVariable: string },
): Promise<number> {
  try {
    return await service.listen(address);
  } catch (error) {
    const line = addressProblem(error, address, portVariable);
    throw line === undefined ? error : new SettingsError([line]);
  }
}

function addressProblem(
  error: unknown,
  { host, port }: ListenAddress,
  portVariable: string,
): string | undefined {
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'EADDRINUSE':
      return `${portVariable}: port ${port} of ${host} is taken by another program, or by a Postline that runs already`;
    case 'EACCES':
      return `${portVariable}: this user may not listen on port ${port}`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return `HOST: ${host} is no address of this machine`;
    default:
      return undefined;
  }
}

/** From now on each request that arrives is the last of its connection: its answer says `Connection: close`. */
export function answerWithClose(server: Server): void {
  for (const event of ['request', 'checkContinue'] as const) {
    server.prependListener(event, (_request: IncomingMessage, response: ServerResponse) => {
      response.shouldKeepAlive = false;
    });
  }
}

/**
 * Accepts no new connection, lets requests in flight finish for at most `graceMilliseconds`, then ends the rest.
 * Kept-alive connections are ended as they become idle: Node's own `close` would wait for their clients.
 */
export function closeGracefully(server: Server, graceMilliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearInterval(idleCheck);
      clearTimeout(graceEnd);
      resolve();
    };
    const idleCheck = setInterval(() => {
      server.closeIdleConnections();
    }, IDLE_CHECK_INTERVAL_MS);
    const graceEnd = setTimeout(() => {
      server.closeAllConnections();
      finish(); // not awaited: the server does not end upgraded sockets
    }, graceMilliseconds);
    answerWithClose(server);
    server.close(finish);
    server.closeIdleConnections();
  });
}

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A client that needs longer to send its headers is not in earnest (Node's default is 60 s). */
const HEADERS_TIMEOUT_MS = 10_000;
/** An 8 MiB batch over a slow line; Node's default is 300 s. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Above the idle timeout of common load balancers (60 s), so that the balancer is the one that closes. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
/** How often Node looks for requests that are over their time. */
const TIMEOUT_CHECK_INTERVAL_MS = 2_000;

/**
 * Connections that may wait to be accepted; the system lowers it to its own bound. With Node's 511, a reconnect storm
 * of 10,000 clients overflows the queue, and those that were dropped from it stand still for up to a minute.
 */
const ACCEPT_QUEUE_MAX = 4_096;

/** How soon a connection is ended whose last request was answered while the server closes. */
const IDLE_CHECK_INTERVAL_MS = 20;

/** Options for `http.createServer`: Node's own waits are too long for a public port. */
export const HTTP_SERVER_OPTIONS = {
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
  connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
} as const;

/** Binds the server; the port that was bound (of interest where 0 was asked for). */
export function listen(server: Server, address: ListenAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...address, backlog: ACCEPT_QUEUE_MAX }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/**
 * Takes no new connection, lets the requests in flight finish for at most `graceMilliseconds`, then ends what is
 * left. Kept-alive connections are ended as they become idle: Node's own `close` would wait for their clients.
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
      finish(); // not waited for: an upgraded socket is not the server's to end
    }, graceMilliseconds);
    // A request that still comes on an open connection is answered, and is the last one there.
    server.prependListener('request', (_request, response) => {
      response.shouldKeepAlive = false;
    });
    server.close(finish);
    server.closeIdleConnections();
  });
}

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The same queue of connections that wait to be accepted as the services have. */
const BACKLOG = 4_096;

/**
 * Longer than any pause of the load generator: a connection that closes just as a request arrives would spoil the run.
 */
const KEEP_ALIVE_MS = 60_000;

/** A required environment variable of a peer. */
export function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

/** Listens on a free port and prints it, as the services do. */
export function listenAsPeer(server: Server): void {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG }, () => {
    console.log(`listening on ${(server.address() as AddressInfo).port}`);
  });
}

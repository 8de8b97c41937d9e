import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The same queue of connections that wait to be accepted as the services have. */
const BACKLOG = 4_096;

/** A setting that whoever starts a peer has to give it. */
export function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

/** Listens on a free port and says which, as the services do. */
export function listenAsPeer(server: Server): void {
  server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG }, () => {
    console.log(`listening on ${(server.address() as AddressInfo).port}`);
  });
}

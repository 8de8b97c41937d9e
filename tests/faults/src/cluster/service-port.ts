import { createServer } from 'node:net';

/**
 * Below the range of ports that the system assigns to outgoing connections, so none of those can take the port during a
 * restart.
 */
const PORT_FROM = 20_000;
const PORT_TO = 32_000;
const TRIES_MAX = 100;

/** Finds a port that a service can keep for a whole run, including restarts. */
export async function servicePort(): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const port = PORT_FROM + Math.floor(Math.random() * (PORT_TO - PORT_FROM));
    if (await isFree(port)) return port;
  }
  throw new Error('no free port');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

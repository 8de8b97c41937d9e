import { createServer } from 'node:net';

/**
 * Below the ports that systems give to connections and to whoever listens on port 0 (from 32,768 on Linux, 49,152
 * elsewhere): a port from there could be taken by any of them before its finder listens.
 */
const PORT_MIN = 15_000;
const PORTS = 17_000;

const ATTEMPTS_MAX = 100;

/** A TCP port of 127.0.0.1 that nothing listens on, and that the system gives to nobody by itself. */
export async function freePort(): Promise<number> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const port = PORT_MIN + Math.floor(Math.random() * PORTS);
    if (await isFree(port)) return port;
  }
  throw new Error(`none of ${ATTEMPTS_MAX} ports is free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

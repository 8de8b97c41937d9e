import { createConnection } from 'node:net';
import { type StartedProcess, startProcess } from './child-process.ts';
import { findProgram } from './find-program.ts';
import { freePort } from './free-port.ts';
import { waitUntil } from './wait-until.ts';

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** The process that runs now: another one after `startAgain`. */
  readonly pid: () => number;
  /** Stops answering, connections stay open. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** kill -9. */
  readonly kill: () => Promise<void>;
  /** Starts it again on the same port after `kill`. */
  readonly startAgain: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts a new redis-server on a free port, without persistence; resolves when it answers. */
export async function startRedis(): Promise<RedisServer> {
  const port = await freePort();
  let server = await launch(port);
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: () => server.pid,
    freeze: () => {
      server.signal('SIGSTOP');
    },
    thaw: () => {
      server.signal('SIGCONT');
    },
    kill: async () => {
      await server.end('SIGKILL');
    },
    startAgain: async () => {
      server = await launch(port);
    },
    stop: async () => {
      await server.end('SIGKILL');
    },
  };
}

async function launch(port: number): Promise<StartedProcess> {
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    '/tmp',
  ];
  const server = startProcess({ command: findProgram('redis-server'), args });
  await waitUntil(`redis-server answers on port ${port}`, async () => {
    if (server.hasEnded()) throw new Error(server.output());
    return (await ping(port)) || undefined;
  });
  return server;
}

function ping(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('error', () => {
      resolve(false);
    });
    socket.once('data', (answer) => {
      socket.destroy();
      resolve(answer.toString('latin1').startsWith('+PONG'));
    });
    socket.write('PING\r\n');
  });
}

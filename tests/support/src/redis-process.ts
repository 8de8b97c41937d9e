import { type StartedProcess, startProcess } from './child-process.ts';
import { findProgram } from './find-program.ts';
import { freePort } from './free-port.ts';
import { askRedis } from './ask-redis.ts';
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

export interface RedisOptions {
  /** A free one where it is left out. */
  readonly port?: number;
  /** For files that the server writes. */
  readonly folder?: string;
  /** Further arguments of redis-server. */
  readonly args?: readonly string[];
}

/** Starts a new redis-server on a free port, without persistence; resolves when it answers. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const port = options.port ?? (await freePort());
  let server = await launch(port, options);
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
      server = await launch(port, options);
    },
    stop: async () => {
      await server.end('SIGKILL');
    },
  };
}

async function launch(
  port: number,
  { folder = '/tmp', args: further = [] }: RedisOptions,
): Promise<StartedProcess> {
  const listening = ['--port', String(port), '--bind', '127.0.0.1'];
  const args = [...listening, '--save', '', '--appendonly', 'no', '--dir', folder, ...further];
  const server = startProcess({ command: findProgram('redis-server'), args });
  await waitUntil(`redis-server answers on port ${port}`, async () => {
    if (server.hasEnded()) throw new Error(server.output());
    return (await askRedis(port, 'PING')).startsWith('+PONG') || undefined;
  });
  return server;
}

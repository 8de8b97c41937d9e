import { fileURLToPath } from 'node:url';
import {
  type DatabaseServer,
  type RedisServer,
  type StartedProcess,
  startProcess,
  waitUntil,
} from '@postline/test-support';
import type { MeasuredSystem, SystemKind } from './measured-system.ts';

export type PeerKind = Extract<SystemKind, 'socket.io' | 'socket.io + row' | 'bare parts'>;

/** Each is an API and a relay, as Postline is; the files are in `bench/peers`. */
const PROGRAMS: Readonly<Record<PeerKind, { readonly api: string; readonly relay: string }>> = {
  'socket.io': { api: 'socket-io-api.js', relay: 'socket-io-relay.js' },
  'socket.io + row': { api: 'socket-io-api.js', relay: 'socket-io-relay.js' },
  'bare parts': { api: 'bare-api.js', relay: 'bare-relay.js' },
};

export const PEERS: readonly string[] = Object.keys(PROGRAMS);

const START_MS = 20_000;

export interface PeerServers {
  readonly databaseServer: DatabaseServer;
  readonly databaseUrl: string;
  readonly redis: RedisServer;
  readonly nodePath: string;
}

export function isPeer(kind: string): kind is PeerKind {
  return Object.hasOwn(PROGRAMS, kind);
}

/** Starts the two processes of a peer on the same database server and Redis. */
export async function startPeer(kind: PeerKind, servers: PeerServers): Promise<MeasuredSystem> {
  const { databaseServer, databaseUrl, redis, nodePath } = servers;
  const { api, relay } = PROGRAMS[kind];
  const base = { PATH: process.env['PATH'], NODE_ENV: 'production', REDIS_URL: redis.url };
  const withRows = kind === 'socket.io' ? base : { ...base, DATABASE_URL: databaseUrl };
  const [apiServer, relayServer] = await Promise.all([
    start(api, withRows, nodePath),
    start(relay, base, nodePath),
  ]);
  return {
    kind,
    apiUrl: apiServer.url,
    relayUrl: relayServer.url,
    databaseServerUrl: databaseServer.url,
    redisUrl: redis.url,
    processes: [
      { role: 'api-server', pid: apiServer.process.pid },
      { role: 'websocket-server', pid: relayServer.process.pid },
      { role: 'database', pid: databaseServer.pid() },
      { role: 'redis', pid: redis.pid() },
    ],
    stop: async () => {
      await Promise.all([apiServer.process.end(), relayServer.process.end()]);
    },
  };
}

async function start(
  program: string,
  env: NodeJS.ProcessEnv,
  nodePath: string,
): Promise<{ readonly process: StartedProcess; readonly url: string }> {
  const file = fileURLToPath(new URL(`../peers/${program}`, import.meta.url));
  const started = startProcess({ command: nodePath, args: [file], env });
  const port = await waitUntil(
    `${program} listens`,
    () => {
      if (started.hasEnded()) throw new Error(started.output());
      return /^listening on (\d+)$/m.exec(started.output())?.[1];
    },
    START_MS,
  );
  return { process: started, url: `http://127.0.0.1:${port}` };
}

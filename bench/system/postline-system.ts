import {
  type DatabaseServer,
  freePort,
  type RedisServer,
  type ServiceProcess,
  startApi,
  startDatabase,
  startRedis,
  startRelay,
} from '@postline/test-support';
import { type CorePlan, moveThisProcess } from './cores.ts';

export type ProcessRole = 'api-server' | 'websocket-server' | 'database' | 'redis';

export interface SystemProcess {
  readonly role: ProcessRole;
  readonly pid: number;
  /** Where its CPU profile can be recorded. */
  readonly inspectorPort?: number;
}

/** The whole system at work: what a workload talks to, and the processes whose cost it counts. */
export interface PostlineSystem {
  readonly apiUrl: string;
  readonly relayUrl: string;
  readonly databaseServerUrl: string;
  readonly processes: readonly SystemProcess[];
  /** Ends the two services; the database and Redis stay. */
  readonly stop: () => Promise<void>;
}

/** The database and Redis of one workload. */
export interface BackingServers {
  /** Starts an API and a relay, new for each run, on the same database. */
  readonly startSystem: (options: { readonly inspectable: boolean }) => Promise<PostlineSystem>;
  readonly pids: readonly number[];
  readonly stop: () => Promise<void>;
}

/** Starts a database and a Redis of its own. All servers share a core, and this process leaves it to them. */
export async function startBackingServers(cores: CorePlan): Promise<BackingServers> {
  const onServerCore = async <T>(start: () => Promise<T>): Promise<T> => {
    moveThisProcess(cores, 'servers');
    try {
      return await start();
    } finally {
      moveThisProcess(cores, 'load');
    }
  };
  const [databaseServer, redis] = await onServerCore(() => Promise.all([startDatabase(), startRedis()]));
  const database = await databaseServer.createDatabase();
  return {
    startSystem: ({ inspectable }) =>
      onServerCore(() => startServices({ databaseServer, databaseUrl: database.url, redis, inspectable })),
    pids: [databaseServer.pid(), redis.pid()],
    stop: async () => {
      await Promise.all([databaseServer.stop(), redis.stop()]);
    },
  };
}

interface ServicesToStart {
  readonly databaseServer: DatabaseServer;
  readonly databaseUrl: string;
  readonly redis: RedisServer;
  readonly inspectable: boolean;
}

async function startServices(options: ServicesToStart): Promise<PostlineSystem> {
  const { databaseServer, databaseUrl, redis, inspectable } = options;
  const servers = { databaseUrl, redisUrl: redis.url, redisPrefix: '' };
  const ports = inspectable ? [await freePort(), await freePort()] : [];
  const [apiInspector, relayInspector] = ports;
  const api = await startApi(servers, serviceEnvironment(apiInspector)); // first: it makes the schema
  const relay = await startRelay(servers, serviceEnvironment(relayInspector));
  return {
    apiUrl: api.url,
    relayUrl: relay.url,
    databaseServerUrl: databaseServer.url,
    processes: [
      serviceProcess('api-server', api, apiInspector),
      serviceProcess('websocket-server', relay, relayInspector),
      { role: 'database', pid: databaseServer.pid() },
      { role: 'redis', pid: redis.pid() },
    ],
    stop: async () => {
      await Promise.all([api.stop(), relay.stop()]);
    },
  };
}

/** As it is deployed, but open; everything else is left at its default. */
function serviceEnvironment(inspectorPort: number | undefined): Record<string, string> {
  const inspect = inspectorPort === undefined ? {} : { NODE_OPTIONS: `--inspect=127.0.0.1:${inspectorPort}` };
  return { NODE_ENV: 'production', AUTH: 'open', DRAIN_MS: '0', ...inspect };
}

function serviceProcess(role: ProcessRole, service: ServiceProcess, inspectorPort?: number): SystemProcess {
  const { pid } = service.process;
  return inspectorPort === undefined ? { role, pid } : { role, pid, inspectorPort };
}

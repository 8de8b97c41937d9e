import {
  type DatabaseServer,
  freePort,
  type RedisServer,
  type ServiceProcess,
  startApi,
  startDatabase,
  startRedis,
  startRelay,
  type TestDatabase,
} from '@postline/test-support';
import { type CorePlan, moveThisProcess } from './cores.ts';
import { fillLargeTable } from './large-table.ts';
import { isPeer, startPeer } from './peer-systems.ts';
import type {
  BackingServers,
  MeasuredSystem,
  ProcessRole,
  SystemKind,
  SystemOptions,
  SystemProcess,
} from './measured-system.ts';

/** Starts a database and a Redis. All servers share a core, which this process does not use. */
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
  const databases = new Map<SystemKind, TestDatabase>();
  return {
    startSystem: async (kind, options) => {
      const known = databases.get(kind);
      const database = known ?? (await databaseServer.createDatabase());
      databases.set(kind, database);
      const servers = { databaseServer, databaseUrl: database.url, redis, ...options };
      if (isPeer(kind)) return onServerCore(() => startPeer(kind, servers));
      const start = () => onServerCore(() => startServices({ ...servers, kind }));
      if (known === undefined && kind === 'postline on 10 million rows') {
        await (await start()).stop(); // the API makes the schema
        await fillLargeTable(database.url);
      }
      return start();
    },
    pids: [databaseServer.pid(), redis.pid()],
    stop: async () => {
      await Promise.all([databaseServer.stop(), redis.stop()]);
    },
  };
}

interface ServicesToStart extends SystemOptions {
  readonly kind: SystemKind;
  readonly databaseServer: DatabaseServer;
  readonly databaseUrl: string;
  readonly redis: RedisServer;
}

async function startServices(options: ServicesToStart): Promise<MeasuredSystem> {
  const { kind, databaseServer, databaseUrl, redis, inspectable, ...program } = options;
  const servers = { databaseUrl, redisUrl: redis.url, redisPrefix: '' };
  const ports = inspectable ? [await freePort(), await freePort()] : [];
  const [apiInspector, relayInspector] = ports;
  const workers = kind === 'postline, 2 workers' ? { WORKERS: '2' } : {};
  const environment = (port: number | undefined) => ({ ...serviceEnvironment(port), ...workers });
  const api = await startApi(servers, environment(apiInspector), program); // first: it makes the schema
  const relay = await startRelay(servers, environment(relayInspector), program);
  return {
    kind,
    apiUrl: api.url,
    relayUrl: relay.url,
    databaseServerUrl: databaseServer.url,
    redisUrl: redis.url,
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

/** As in production, but open; everything else is left at its default. Tracing is on if this process has its variables. */
function serviceEnvironment(inspectorPort: number | undefined): Record<string, string> {
  const inspect = inspectorPort === undefined ? {} : { NODE_OPTIONS: `--inspect=127.0.0.1:${inspectorPort}` };
  return {
    NODE_ENV: 'production',
    AUTH: 'open',
    ALLOW_OPEN_IN_PRODUCTION: 'yes',
    CONNECTIONS_PER_ADDRESS_MAX: '50000', // all come from this machine
    ...inspect,
    ...tracingVariables(),
  };
}

function tracingVariables(): Record<string, string> {
  const variables = Object.entries(process.env).filter(([name]) => name.startsWith('OTEL_'));
  return Object.fromEntries(variables.map(([name, value = '']) => [name, value]));
}

function serviceProcess(role: ProcessRole, service: ServiceProcess, inspectorPort?: number): SystemProcess {
  const { pid } = service.process;
  return inspectorPort === undefined ? { role, pid } : { role, pid, inspectorPort };
}

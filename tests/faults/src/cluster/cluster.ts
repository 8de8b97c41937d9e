import {
  type DatabaseServer,
  type Haproxy,
  type RedisServer,
  startDatabase,
  startHaproxy,
  startRedis,
  type TestDatabase,
} from '@postline/test-support';
import type { Findings } from '../ledger/findings.ts';
import { allProxies, type LinkedPorts, type LinkName, type Links, NO_LINKS, startLinks } from './links.ts';
import { ServiceNode } from './service-node.ts';
import { servicePort } from './service-port.ts';

/** Frequent heartbeats, so that a reader notices a dead connection within seconds instead of a minute. */
const RELAY_ENVIRONMENT = { HEARTBEAT_SECONDS: '1' };

/** The servers that the services use. They outlive a cluster, so several clusters can use them one after another. */
export interface BackingServers {
  readonly database: DatabaseServer;
  readonly redis: RedisServer;
}

export interface ClusterOptions {
  readonly buildFolder: string;
  readonly servers: BackingServers;
  readonly findings: Findings;
  readonly apis?: number;
  readonly relays?: number;
  /** For runs that break no link but keep this process busy: without proxies, it does not slow the traffic down. */
  readonly withoutProxies?: boolean | undefined;
  readonly environment?: Readonly<Record<string, string>>;
  readonly relayEnvironment?: Readonly<Record<string, string>>;
  /** Puts HAProxy in front of the APIs and of the relays, instead of their proxies. */
  readonly isBalanced?: boolean | undefined;
  /** Replaces the Redis of `servers`. Its links then have no proxies. */
  readonly redisUrl?: string | undefined;
}

export interface Cluster {
  readonly servers: BackingServers;
  readonly database: TestDatabase;
  readonly apis: readonly ServiceNode[];
  readonly relays: readonly ServiceNode[];
  readonly links: Links;
  /** `http://…` of each API, or of its proxy if there is one, or of the balancer. */
  readonly apiUrls: readonly string[];
  /** `ws://…` of each relay, or of its proxy if there is one, or of the balancer. */
  readonly relayUrls: readonly string[];
  /** Ends all faults of the links. */
  healLinks(): void;
  /** Sends SIGTERM to the services, and removes everything that belongs to this cluster. */
  stop(): Promise<void>;
}

export async function startServers(databaseOptions: readonly string[] = []): Promise<BackingServers> {
  const [database, redis] = await Promise.all([startDatabase(databaseOptions), startRedis()]);
  return { database, redis };
}

export async function stopServers({ database, redis }: BackingServers): Promise<void> {
  await Promise.all([database.stop(), redis.stop()]);
}

/**
 * Starts API and relay processes on one Redis and one database. Every link has a proxy unless the options say
 * otherwise.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { servers, findings, buildFolder, apis: apiCount = 2, relays: relayCount = 2 } = options;
  const database = await servers.database.createDatabase();
  const ports = {
    database: servers.database.port,
    redis: servers.redis.port,
    apis: await servicePorts(apiCount),
    relays: await servicePorts(relayCount),
  };
  const links = options.withoutProxies === true ? NO_LINKS : await startLinks(ports);
  const environment = (databasePort = ports.database, redisPort = ports.redis) => ({
    DATABASE_URL: database.url.replace(`:${ports.database}/`, `:${databasePort}/`),
    REDIS_URL: options.redisUrl ?? `redis://127.0.0.1:${redisPort}`,
    REDIS_PREFIX: `${database.name}:`,
    ...options.environment,
  });
  const apis = ports.apis.map((port, index) => {
    const env = environment(links['API-MySQL'][index]?.port, links['API-Redis'][index]?.port);
    return new ServiceNode({
      name: `api-${index + 1}`,
      service: 'api-server',
      buildFolder,
      port,
      env,
      findings,
    });
  });
  const relays = ports.relays.map((port, index) => {
    const own = environment(links['relay-MySQL'][index]?.port, links['relay-Redis'][index]?.port);
    const env = { ...own, ...RELAY_ENVIRONMENT, ...options.relayEnvironment };
    const name = `relay-${index + 1}`;
    return new ServiceNode({ name, service: 'websocket-server', buildFolder, port, env, findings });
  });
  const nodes = [...apis, ...relays];
  for (const node of nodes) node.start();
  await Promise.all(nodes.map((node) => node.ready()));
  const balancer = options.isBalanced === true ? await startHaproxy(ports.apis, ports.relays) : undefined;
  return {
    servers,
    database,
    apis,
    relays,
    links,
    ...urlsOf(ports, links, balancer),
    healLinks: () => {
      for (const proxy of allProxies(links)) proxy.heal();
    },
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
      await balancer?.stop();
      await Promise.all(allProxies(links).map((proxy) => proxy.close()));
      await database.drop();
    },
  };
}

/** The addresses that publishers and clients connect to. */
function urlsOf(
  ports: Pick<LinkedPorts, 'apis' | 'relays'>,
  links: Links,
  balancer: Haproxy | undefined,
): Pick<Cluster, 'apiUrls' | 'relayUrls'> {
  if (balancer !== undefined) return { apiUrls: [balancer.apiUrl], relayUrls: [balancer.relayUrl] };
  const through = (port: number, link: LinkName, index: number) =>
    `127.0.0.1:${links[link][index]?.port ?? port}`;
  return {
    apiUrls: ports.apis.map((port, index) => `http://${through(port, 'sender-API', index)}`),
    relayUrls: ports.relays.map((port, index) => `ws://${through(port, 'client-relay', index)}`),
  };
}

async function servicePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let index = 0; index < count; index += 1) ports.push(await servicePort());
  return ports;
}

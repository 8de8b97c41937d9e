import { setTimeout as sleep } from 'node:timers/promises';
import {
  askRedis,
  type DatabaseServer,
  type RedisSentinels,
  type RedisServer,
  startRedis,
  startRedisCluster,
  startRedisSentinels,
  startReplicatedDatabase,
  TcpProxy,
  waitUntil,
  type WatchedRedis,
} from '@postline/test-support';

/** Servers that are about to fail over. */
interface PreparedFailover {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Breaks or moves something; resolves as soon as the server that takes over is ready. */
  readonly strike: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface Failover {
  readonly fault: string;
  /** Starts what the fault needs; `database` is for those that do not strike a database. */
  readonly prepare: (database: DatabaseServer) => Promise<PreparedFailover>;
}

/** How long a server that was demoted stays a replica: longer than the services need to notice it. */
const REPLICA_MS = 6_000;

function ofSentinels(
  fault: string,
  strike: (sentinels: RedisSentinels, master: WatchedRedis) => unknown,
): Failover {
  return {
    fault,
    prepare: async (database) => {
      const [{ url: databaseUrl }, sentinels] = await Promise.all([
        database.createDatabase(),
        startRedisSentinels(),
      ]);
      const former = await sentinels.master();
      return {
        databaseUrl,
        redisUrl: sentinels.url,
        strike: async () => {
          await strike(sentinels, former);
          await sentinels.masterAfter(former);
        },
        stop: sentinels.stop,
      };
    },
  };
}

/** The other nodes need no readiness: each forwards to its own subscribers. */
function ofCluster(
  fault: string,
  connectionName: string,
  strike: (node: RedisServer) => Promise<void> | void,
): Failover {
  return {
    fault,
    prepare: async (database) => {
      const [{ url: databaseUrl }, cluster] = await Promise.all([
        database.createDatabase(),
        startRedisCluster(),
      ]);
      return {
        databaseUrl,
        redisUrl: cluster.url,
        strike: async () => {
          const node = await waitUntil(`a node has ${connectionName}`, () =>
            nodeWith(cluster.nodes, connectionName),
          );
          await strike(node);
        },
        stop: cluster.stop,
      };
    },
  };
}

async function nodeWith(nodes: readonly RedisServer[], name: string): Promise<RedisServer | undefined> {
  for (const node of nodes) {
    if ((await askRedis(node.port, 'CLIENT LIST')).includes(`name=${name} `)) return node;
  }
  return undefined;
}

/** Two servers, and an address that leads to the first one. */
function ofAddress(
  fault: string,
  strike: (place: { first: RedisServer; second: RedisServer; address: TcpProxy }) => Promise<void>,
): Failover {
  return {
    fault,
    prepare: async (database) => {
      const [{ url: databaseUrl }, first, second] = await Promise.all([
        database.createDatabase(),
        startRedis(),
        startRedis(),
      ]);
      const address = await TcpProxy.start(first.port);
      return {
        databaseUrl,
        redisUrl: address.urlThrough(first.url),
        strike: () => strike({ first, second, address }),
        stop: async () => {
          await address.close();
          await Promise.all([first.stop(), second.stop()]);
        },
      };
    },
  };
}

/** The replica takes over, and the demoted primary keeps its connections. */
const PRIMARY_DEMOTED: Failover = {
  fault: 'the primary of the database is demoted',
  prepare: async () => {
    const [database, redis] = await Promise.all([startReplicatedDatabase(), startRedis()]);
    const { url: databaseUrl } = await database.server.createDatabase();
    return {
      databaseUrl,
      redisUrl: redis.url,
      strike: database.failOver,
      stop: async () => {
        await Promise.all([database.stop(), redis.stop()]);
      },
    };
  },
};

export const FAILOVERS: readonly Failover[] = [
  ofSentinels('the Redis master is killed', (_, { server }) => server.kill()),
  ofSentinels('the Redis master is frozen', (_, { server }) => server.freeze()),
  ofSentinels('the Redis master is cut off and silent', (_, { link }) => link.freeze('up', 'down')),
  ofSentinels('the Redis master refuses connections', (_, { link }) => link.cut()),
  ofSentinels('a failover is asked for, the former master is well', (sentinels) => sentinels.failOver()),
  ofCluster("the publisher's cluster node is killed", 'postline-publisher', (node) => node.kill()),
  ofCluster("the subscriber's cluster node is killed", 'postline-subscriber', (node) => node.kill()),
  ofCluster("the publisher's cluster node is frozen", 'postline-publisher', (node) => node.freeze()),
  ofCluster("the subscriber's cluster node is frozen", 'postline-subscriber', (node) => node.freeze()),
  ofAddress("Redis' name moves, the old server stays up", async ({ second, address }) => {
    address.redirect(second.port);
    await Promise.resolve();
  }),
  ofAddress('Redis becomes a replica (REPLICAOF), and a master again', async ({ first, second }) => {
    await askRedis(first.port, `REPLICAOF 127.0.0.1 ${second.port}`);
    await sleep(REPLICA_MS);
    await askRedis(first.port, 'REPLICAOF NO ONE');
  }),
  PRIMARY_DEMOTED,
];

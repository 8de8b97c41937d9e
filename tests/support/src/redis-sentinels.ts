import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { askRedis, bulkStrings } from './ask-redis.ts';
import { type StartedProcess, startProcess } from './child-process.ts';
import { findProgram } from './find-program.ts';
import { freePort } from './free-port.ts';
import { type RedisServer, startRedis } from './redis-process.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { makeTempFolder } from './temp-folder.ts';
import { waitUntil } from './wait-until.ts';

const MASTER_NAME = 'main';
const SENTINELS = 3;
const SERVERS = 2;
const QUORUM = 2;
const DOWN_AFTER_MS = 500;
const FAILOVER_TIMEOUT_MS = 2_000;
/** Sentinels find each other by the master, with a message every 2 s. */
const READY_MS = 30_000;

/** A server that sentinels watch, and the proxy through which everybody reaches it. */
export interface WatchedRedis {
  readonly server: RedisServer;
  readonly link: TcpProxy;
}

export interface RedisSentinels {
  /** For REDIS_URL. */
  readonly url: string;
  readonly sentinels: readonly StartedProcess[];
  readonly servers: readonly WatchedRedis[];
  /** The server that the sentinels call the master and that calls itself so. */
  readonly master: () => Promise<WatchedRedis>;
  /** Resolves with the new master as soon as it is one. */
  readonly masterAfter: (former: WatchedRedis) => Promise<WatchedRedis>;
  /** Asks the sentinels for a failover while the master is well. */
  readonly failOver: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts a master with a replica and three sentinels that watch them, all on free ports. */
export async function startRedisSentinels(): Promise<RedisSentinels> {
  const folder = await makeTempFolder('sentinels');
  const servers = await startWatched(SERVERS);
  const [{ link: first }] = servers as [WatchedRedis];
  const ports: number[] = [];
  const sentinels: StartedProcess[] = [];
  for (let index = 0; index < SENTINELS; index += 1) {
    const port = await freePort();
    ports.push(port);
    sentinels.push(await startSentinel({ folder: folder.path, port, masterPort: first.port }));
  }

  async function master(): Promise<WatchedRedis> {
    const named = await Promise.all(ports.map(masterPortBy));
    const found = servers.find(({ link }) => named.every((port) => port === undefined || port === link.port));
    if (found === undefined) throw new Error(`the sentinels name different masters: ${named.join(', ')}`);
    if (!(await askRedis(found.server.port, 'ROLE')).includes('master'))
      throw new Error('it is no master yet');
    return found;
  }

  await waitUntil('the sentinels know each other and the replica', () => areAllKnown(ports), READY_MS);
  return {
    url: `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/${MASTER_NAME}`,
    sentinels,
    servers,
    master,
    masterAfter: (former) =>
      waitUntil('there is a new master', async () => {
        const found = servers.find(({ server }) => server !== former.server);
        const isNamed = found !== undefined && (await isNamedBySome(ports, found.link.port));
        return isNamed && (await askRedis(found.server.port, 'ROLE')).includes('master') && found;
      }),
    failOver: async () => {
      await waitUntil('a sentinel begins a failover', async () => {
        const answers = await Promise.all(
          ports.map((port) => askRedis(port, `SENTINEL FAILOVER ${MASTER_NAME}`).catch(String)),
        );
        return answers.some((answer) => answer.startsWith('+OK'));
      });
    },
    stop: async () => {
      await Promise.all(sentinels.map((sentinel) => sentinel.end('SIGKILL')));
      await Promise.all(servers.map(({ server }) => server.stop()));
      await Promise.all(servers.map(({ link }) => link.close()));
      await folder.remove();
    },
  };
}

/** The first one is the master of the others. Each announces the port of its proxy. */
async function startWatched(count: number): Promise<WatchedRedis[]> {
  const watched: WatchedRedis[] = [];
  for (let index = 0; index < count; index += 1) {
    const port = await freePort();
    const link = await TcpProxy.start(port);
    const [master] = watched;
    const replicaOf = master === undefined ? [] : ['--replicaof', '127.0.0.1', String(master.link.port)];
    const announced = ['--replica-announce-ip', '127.0.0.1', '--replica-announce-port', String(link.port)];
    const quick = ['--repl-diskless-sync-delay', '0'];
    const server = await startRedis({ port, args: [...announced, ...quick, ...replicaOf] });
    if (master !== undefined) await waitUntil('the replica has its master', () => isLinked(port));
    watched.push({ server, link });
  }
  return watched;
}

async function isLinked(replicaPort: number): Promise<boolean> {
  return bulkStrings(await askRedis(replicaPort, 'ROLE')).includes('connected');
}

interface SentinelOptions {
  readonly folder: string;
  readonly port: number;
  readonly masterPort: number;
}

async function startSentinel({ folder, port, masterPort }: SentinelOptions): Promise<StartedProcess> {
  const file = join(folder, `sentinel-${port}.conf`);
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} ${QUORUM}`,
    `sentinel down-after-milliseconds ${MASTER_NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${MASTER_NAME} ${FAILOVER_TIMEOUT_MS}`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const sentinel = startProcess({ command: findProgram('redis-server'), args: [file, '--sentinel'] });
  await waitUntil(`a sentinel answers on port ${port}`, async () => {
    if (sentinel.hasEnded()) throw new Error(sentinel.output());
    return (await askRedis(port, 'PING')).startsWith('+PONG');
  });
  return sentinel;
}

async function areAllKnown(ports: readonly number[]): Promise<boolean> {
  const answers = await Promise.all(ports.map((port) => askRedis(port, 'INFO sentinel')));
  return answers.every(
    (answer) =>
      answer.includes(`status=ok`) && answer.includes(`slaves=${SERVERS - 1},sentinels=${SENTINELS}`),
  );
}

/** The port of the master that a sentinel names; undefined if the sentinel does not answer. */
async function masterPortBy(port: number): Promise<number | undefined> {
  const answer = await askRedis(port, `SENTINEL GET-MASTER-ADDR-BY-NAME ${MASTER_NAME}`).catch(() => '');
  const found = bulkStrings(answer)[1];
  return found === undefined ? undefined : Number(found);
}

async function isNamedBySome(ports: readonly number[], masterPort: number): Promise<boolean> {
  return (await Promise.all(ports.map(masterPortBy))).includes(masterPort);
}

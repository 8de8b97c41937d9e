import { askRedis, bulkStrings } from './ask-redis.ts';
import { freePort } from './free-port.ts';
import { type RedisServer, startRedis } from './redis-process.ts';
import { makeTempFolder, type TempFolder } from './temp-folder.ts';
import { waitUntil } from './wait-until.ts';

const NODES = 3;
const SLOTS = 16_384;
const NODE_TIMEOUT_MS = 1_000;
const READY_MS = 20_000;

export interface RedisCluster {
  /** For REDIS_URL. */
  readonly url: string;
  readonly nodes: readonly RedisServer[];
  /** Resolves once every running node sees the whole cluster. */
  readonly isWhole: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts three masters on free ports that share the slots. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const folders: TempFolder[] = [];
  const nodes: RedisServer[] = [];
  for (let index = 0; index < NODES; index += 1) {
    const folder = await makeTempFolder('cluster-node');
    folders.push(folder);
    const cluster = ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(NODE_TIMEOUT_MS)];
    const busPort = ['--cluster-port', String(await freePort())];
    nodes.push(await startRedis({ folder: folder.path, args: [...cluster, ...busPort] }));
  }
  await joinNodes(nodes);
  const isWhole = async () => {
    await waitUntil('every node sees the whole cluster', () => areJoined(nodes), READY_MS);
  };
  await isWhole();
  return {
    url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    nodes,
    isWhole,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
      await Promise.all(folders.map((folder) => folder.remove()));
    },
  };
}

/** Each node has a share of the slots and an epoch of its own, then all meet the first one. */
async function joinNodes(nodes: readonly RedisServer[]): Promise<void> {
  const share = Math.ceil(SLOTS / nodes.length);
  for (const [index, { port }] of nodes.entries()) {
    const last = Math.min(SLOTS, (index + 1) * share) - 1;
    await expectOk(port, `CLUSTER ADDSLOTSRANGE ${index * share} ${last}`);
    await expectOk(port, `CLUSTER SET-CONFIG-EPOCH ${index + 1}`);
  }
  const [first, ...others] = nodes;
  const busPort = await busPortOf(first?.port ?? 0);
  for (const { port } of others) await expectOk(port, `CLUSTER MEET 127.0.0.1 ${first?.port} ${busPort}`);
}

async function busPortOf(port: number): Promise<string> {
  const [nodes = ''] = bulkStrings(await askRedis(port, 'CLUSTER NODES'));
  return /@(\d+)/.exec(nodes)?.[1] ?? '';
}

async function expectOk(port: number, command: string): Promise<void> {
  const answer = await askRedis(port, command);
  if (!answer.startsWith('+OK')) throw new Error(`${command}: ${answer}`);
}

async function areJoined(nodes: readonly RedisServer[]): Promise<boolean> {
  const views = await Promise.all(nodes.map(({ port }) => askRedis(port, 'CLUSTER INFO')));
  return views.every(
    (view) => view.includes('cluster_state:ok') && view.includes(`cluster_known_nodes:${nodes.length}`),
  );
}

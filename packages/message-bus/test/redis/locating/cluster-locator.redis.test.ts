import {
  askRedis,
  freePort,
  makeTempFolder,
  type RedisCluster,
  type RedisServer,
  startRedis,
  startRedisCluster,
  waitUntil,
} from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { redisFault } from '../../../src/redis/redis-fault.ts';
import { redisLocator } from '../redis-locator.ts';

const NEVER = new AbortController().signal;

describe('ClusterLocator', () => {
  let cluster: RedisCluster;
  const node = (index: number): RedisServer => cluster.nodes[index] as RedisServer;

  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(async () => {
    await cluster.stop();
  });

  const reasonOf = (url: string) =>
    redisLocator(url)
      .locate(NEVER)
      .then(
        ({ port }) => `port ${port}`,
        (error: unknown) => redisFault(error).kind,
      );

  it('[BUS-7] finds any node, and another one than the avoided one', async () => {
    const locator = redisLocator(cluster.url);
    const found = new Set<number | undefined>();
    await waitUntil('each node was found', async () => {
      const first = await locator.locate(NEVER);
      const other = await locator.locate(NEVER, first);
      expect(other.port).not.toBe(first.port);
      return found.add(first.port).size === cluster.nodes.length;
    });
  });

  it('[BUS-7] finds the avoided one where no other is there', async () => {
    const locator = redisLocator(`redis+cluster://127.0.0.1:${node(0).port},127.0.0.1:1`);
    const only = await locator.locate(NEVER);
    expect(await locator.locate(NEVER, only)).toBe(only);
  });

  it('[BUS-7] a frozen node is passed over, and asked last for a while', async () => {
    const locator = redisLocator(cluster.url);
    const frozen = node(0);
    frozen.freeze();
    for (let round = 0; round < 3; round += 1)
      expect((await locator.locate(NEVER)).port).not.toBe(frozen.port);
    await waitUntil('the frozen one was asked, and is asked last', async () => {
      const begin = performance.now();
      for (let round = 0; round < 6; round += 1) await locator.locate(NEVER);
      return performance.now() - begin < 300;
    });
    frozen.thaw();
    await cluster.isWhole();
  });

  it('[BUS-7] a node that has not joined, or is cut off with a minority, is refused', async () => {
    const folder = await makeTempFolder('lonely-node');
    const args = ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())];
    const lonely = await startRedis({ args, folder: folder.path });
    expect(await reasonOf(`redis+cluster://127.0.0.1:${lonely.port}`)).toBe('cluster-minority');
    await lonely.stop();
    await folder.remove();

    node(1).freeze();
    node(2).freeze();
    const only = `redis+cluster://127.0.0.1:${node(0).port}`;
    await waitUntil('the node is refused', async () => (await reasonOf(only)) === 'cluster-minority');
    node(1).thaw();
    node(2).thaw();
    await cluster.isWhole();
  });

  it('[BUS-7] the nodes that survive a master are used, although the cluster lacks its slots', async () => {
    await node(2).kill();
    const info = () => askRedis(node(0).port, 'CLUSTER INFO');
    await waitUntil('the cluster lacks slots', async () => (await info()).includes('cluster_state:fail'));
    const survivor = `redis+cluster://127.0.0.1:${node(0).port}`;
    await waitUntil('it is used', async () => (await reasonOf(survivor)) === `port ${node(0).port}`);
    await node(2).startAgain();
    await cluster.isWhole();
  });

  it('[BUS-7] a Redis that is no node of a cluster says so', async () => {
    expect(await reasonOf(inject('redisUrl').replace('redis://', 'redis+cluster://'))).toBe('no-cluster');
  });
});

import { randomUUID } from 'node:crypto';
import {
  askRedis,
  type RedisCluster,
  type RedisServer,
  startRedisCluster,
  waitUntil,
} from '@postline/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRedisMessageBus } from '../../src/redis/index.ts';
import { describeMessageBus } from '../message-bus-contract.ts';
import { recordEvents } from '../recorded-events.ts';
import { describeOutage, OUTAGE_MS_MAX } from './describe-outage.ts';
import { HintTraffic } from './hint-traffic.ts';

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster();
});
afterAll(async () => {
  await cluster.stop();
});

describeMessageBus('redis+cluster', () =>
  createRedisMessageBus({ redisUrl: cluster.url, prefix: `${randomUUID()}:` }),
);

describe('redis+cluster', () => {
  it('[BUS-7] what is published on any node arrives at subscribers of every node', async () => {
    const prefix = `${randomUUID()}:`;
    const ends = cluster.nodes.map(({ port }) => {
      const bus = createRedisMessageBus({ redisUrl: `redis+cluster://127.0.0.1:${port}`, prefix });
      const events = recordEvents();
      return { events, publisher: bus.createPublisher(), subscriber: bus.createSubscriber(events) };
    });
    for (const { publisher, subscriber } of ends) {
      await waitUntil('both are up', () => publisher.checkReady().then(() => subscriber.state === 'up'));
      await subscriber.subscribe('a');
    }
    for (const [index, { publisher }] of ends.entries())
      await publisher.publish([{ targetId: 'a', frame: `from ${index}` }]);
    for (const { events, publisher, subscriber } of ends) {
      await waitUntil('all came', () => events.hints.length === 3);
      expect(events.hints.toSorted()).toEqual(['a from 0', 'a from 1', 'a from 2']);
      await Promise.all([publisher.close(), subscriber.close()]);
    }
  });
});

describe('when a node of the cluster dies', () => {
  let traffic: HintTraffic;
  beforeEach(async () => {
    await cluster.isWhole();
    traffic = await HintTraffic.start(cluster.url);
  });
  afterEach(async () => {
    await traffic.stop();
  });

  it.each([
    { fault: "the publisher's node is killed", name: 'postline-publisher', strike: kill },
    { fault: "the subscriber's node is killed", name: 'postline-subscriber', strike: kill },
    { fault: "the publisher's node is frozen", name: 'postline-publisher', strike: freeze },
    { fault: "the subscriber's node is frozen", name: 'postline-subscriber', strike: freeze },
  ])('[BUS-8] $fault: hints arrive again within 5 s', async ({ fault, name, strike }) => {
    const node = await nodeOf(name);
    const struckMs = performance.now();
    const mend = await strike(node);

    const outage = await describeOutage({ traffic, struckMs, readyMs: struckMs });
    console.log(`${fault}: ${outage.text}`);
    await mend();
    expect(outage.backAfterReadyMs).toBeLessThan(OUTAGE_MS_MAX);
    expect(outage.misdirectedForMs).toBeLessThan(OUTAGE_MS_MAX);
  });

  async function nodeOf(connectionName: string): Promise<RedisServer> {
    for (const node of cluster.nodes) {
      const clients = await askRedis(node.port, 'CLIENT LIST');
      if (clients.includes(`name=${connectionName} `)) return node;
    }
    throw new Error(`no node has a connection ${connectionName}`);
  }
});

async function kill(node: RedisServer): Promise<() => Promise<void>> {
  await node.kill();
  return () => node.startAgain();
}

function freeze(node: RedisServer): () => Promise<void> {
  node.freeze();
  return () => {
    node.thaw();
    return Promise.resolve();
  };
}

import { randomUUID } from 'node:crypto';
import {
  askRedis,
  type RedisCluster,
  type RedisServer,
  startRedisCluster,
  waitUntil,
} from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRedisMessageBus } from '../../../src/redis/index.ts';
import { describeMessageBus, PATIENT_PUBLISHER } from '../../message-bus-contract.ts';
import { recordEvents } from '../../recorded-events.ts';
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
  createRedisMessageBus({
    redisUrl: cluster.url,
    prefix: `${randomUUID()}:`,
    ...PATIENT_PUBLISHER,
  }),
);

describe('redis+cluster', () => {
  it('[BUS-7] what is published on any node arrives at subscribers of every node', async () => {
    const prefix = `${randomUUID()}:`;
    const ends = cluster.nodes.map(({ port }) => {
      const bus = createRedisMessageBus({
        redisUrl: `redis+cluster://127.0.0.1:${port}`,
        prefix,
        ...PATIENT_PUBLISHER,
      });
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

interface Fault {
  readonly fault: string;
  /** Whose node is struck. */
  readonly name: string;
  readonly strike: (node: RedisServer) => unknown;
}

const FAULTS: readonly Fault[] = [
  { fault: "the publisher's node is killed", name: 'postline-publisher', strike: (node) => node.kill() },
  { fault: "the subscriber's node is killed", name: 'postline-subscriber', strike: (node) => node.kill() },
  { fault: "the publisher's node is frozen", name: 'postline-publisher', strike: (node) => node.freeze() },
  { fault: "the subscriber's node is frozen", name: 'postline-subscriber', strike: (node) => node.freeze() },
];

/** They mostly wait, each for a cluster of its own: all at once. */
describe.concurrent('when a node of the cluster dies', () => {
  for (const { fault, name, strike } of FAULTS) {
    it(`[BUS-8] ${fault}: hints arrive again within 5 s`, async ({ expect }) => {
      const own = await startRedisCluster();
      const traffic = await HintTraffic.start(own.url);
      const node = await nodeWith(own, name);
      const struckMs = performance.now();
      await strike(node);

      const outage = await describeOutage({ traffic, struckMs, readyMs: performance.now() });
      console.log(`${fault}: ${outage.text}`);
      expect(outage.backAfterReadyMs).toBeLessThan(OUTAGE_MS_MAX);
      await traffic.stop();
      await own.stop();
    });
  }
});

async function nodeWith({ nodes }: RedisCluster, connectionName: string): Promise<RedisServer> {
  for (const node of nodes) {
    const clients = await askRedis(node.port, 'CLIENT LIST');
    if (clients.includes(`name=${connectionName} `)) return node;
  }
  throw new Error(`no node has a connection ${connectionName}`);
}

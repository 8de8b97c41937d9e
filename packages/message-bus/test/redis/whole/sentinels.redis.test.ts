import { randomUUID } from 'node:crypto';
import { type RedisSentinels, startRedisSentinels, type WatchedRedis } from '@postline/test-support';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { createRedisMessageBus } from '../../../src/redis/index.ts';
import { describeMessageBus, PATIENT_PUBLISHER } from '../../message-bus-contract.ts';
import { describeOutage, OUTAGE_MS_MAX } from './describe-outage.ts';
import { HintTraffic } from './hint-traffic.ts';

describe('by sentinels', () => {
  let sentinels: RedisSentinels;
  beforeAll(async () => {
    sentinels = await startRedisSentinels();
  });
  afterAll(async () => {
    await sentinels.stop();
  });

  describeMessageBus('redis+sentinel', () =>
    createRedisMessageBus({ redisUrl: sentinels.url, prefix: `${randomUUID()}:`, ...PATIENT_PUBLISHER }),
  );
});

interface Fault {
  readonly fault: string;
  readonly strike: (sentinels: RedisSentinels, master: WatchedRedis) => unknown;
}

const FAULTS: readonly Fault[] = [
  { fault: 'the master is killed', strike: (_, { server }) => server.kill() },
  { fault: 'the master is frozen', strike: (_, { server }) => server.freeze() },
  { fault: 'the master is cut off and silent', strike: (_, { link }) => link.freeze('up', 'down') },
  { fault: 'the master is unreachable', strike: (_, { link }) => link.cut() },
  { fault: 'a failover demotes a master that is well', strike: (sentinels) => sentinels.failOver() },
];

/** They mostly wait, each for sentinels of its own: all at once. */
describe.concurrent('after a failover', () => {
  for (const { fault, strike } of FAULTS) {
    it(`[BUS-8] ${fault}: hints arrive again within 5 s of the new master`, async ({ expect }) => {
      const sentinels = await startRedisSentinels();
      const traffic = await HintTraffic.start(sentinels.url);
      const former = await sentinels.master();
      const struckMs = performance.now();
      await strike(sentinels, former);
      await sentinels.masterAfter(former);

      const outage = await describeOutage({ traffic, struckMs, readyMs: performance.now() });
      console.log(`${fault}: ${outage.text}`);
      expect(outage.backAfterReadyMs).toBeLessThan(OUTAGE_MS_MAX);
      expect(outage.misdirectedForMs).toBeLessThan(OUTAGE_MS_MAX);
      await traffic.stop();
      await sentinels.stop();
    });
  }
});

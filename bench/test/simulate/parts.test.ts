import { expect, it } from 'vitest';
import type { Deployment } from '../../simulate/deployment.ts';
import { cpuUse, fullestPart, partsOf, relayMemoryMib } from '../../simulate/parts.ts';
import { ratesOf } from '../../simulate/rates.ts';
import type { UnitCosts } from '../../simulate/unit-costs.ts';
import { costsOf } from './example-costs.ts';
import { deploymentOf } from './example-deployment.ts';

const useOf = (deployment: Deployment, costs: UnitCosts) =>
  cpuUse(deployment, ratesOf(deployment, costs, 'as-they-come'), costs);
const LOAD = { connections: 1_000_000, messagesPerSecond: 1_000 };
const partOf = (deployment: Deployment, costs: UnitCosts, name: string) =>
  partsOf(deployment, costs).find((part) => part.name === name);

it('adds up the CPU of every kind of work', () => {
  const costs = costsOf({
    ...{ apiRequestUs: 30, apiMessageUs: 10, apiCommitUs: 100, apiIdleUs: 1_000 },
    ...{ databaseMessageUs: 10, databaseCommitUs: 200, databaseIdleUs: 500 },
    ...{ relayHintUs: 5, relayWriteUs: 10, relayBurstUs: 20, relayIdleUs: 2_000 },
    ...{ redisHintUs: 2, redisCommitUs: 1, redisWriteUs: 10 },
  });
  // 100 messages a second, each in a commit of its own.
  const use = useOf(deploymentOf({ connections: 100, messagesPerSecond: 100 }), costs);
  expect(use.api).toBeCloseTo(100 * (30 + 10 + 100) * 1e-6 + 0.001);
  expect(use.database).toBeCloseTo(100 * (10 + 200) * 1e-6 + 2 * 0.0005);
  expect(use.relay).toBeCloseTo(100 * (5 + 10 + 20) * 1e-6 + 0.002);
  expect(use.redis).toBeCloseTo(100 * (2 + 1 + 10) * 1e-6);
});

it('adds up what idle and returning connections cost', () => {
  const costs = costsOf({
    ...{ relayHeadUs: 6, relayHeartbeatUs: 50, relayIdentifyUs: 300, relayBacklogUs: 10 },
    ...{ databaseHeadUs: 3, databaseIdentifyUs: 60, databaseBacklogUs: 4 },
  });
  const idle = deploymentOf({ connections: 6_000, sessionMinutes: 10, missedMessages: 5 });
  const use = useOf(idle, costs);
  expect(use.relay).toBeCloseTo((2_000 * 6 + 240 * 50 + 10 * 300 + 50 * 10) * 1e-6);
  expect(use.database).toBeCloseTo((2_000 * 3 + 10 * 60 + 50 * 4) * 1e-6);
});

it('every node of a Redis cluster takes every hint, and passes on its share', () => {
  const costs = costsOf({ redisHintUs: 2, redisWriteUs: 4 });
  const load = deploymentOf({ messagesPerSecond: 1_000, redisNodes: 4 });
  expect(useOf(load, costs).redis).toBeCloseTo(1_000 * (2 + 1) * 1e-6);
});

it('divides the work of a service among its processes, and adds everything up on shared cores', () => {
  const costs = costsOf({
    apiMessageUs: 100,
    databaseMessageUs: 50,
    relayWriteUs: 30,
    redisHintUs: 20,
  });
  const load = deploymentOf({ ...LOAD, apis: 2, relays: 3, databaseCores: 2 });
  expect(partOf(load, costs, 'API, CPU of each')?.percent).toBeCloseTo(5);
  expect(partOf(load, costs, 'relay, CPU of each')?.percent).toBeCloseTo(1);
  expect(partOf(load, costs, 'database, CPU')?.percent).toBeCloseTo(2.5);
  expect(partOf(load, costs, 'Redis, CPU of each node')?.percent).toBeCloseTo(2);
  expect(partOf({ ...load, sharedCores: 2 }, costs, 'all processes, CPU')?.percent).toBeCloseTo(10);
  expect(partOf({ ...load, sharedCores: 2 }, costs, 'database, CPU')).toBeUndefined();
});

it('counts connections, memory and the network of each relay', () => {
  const costs = costsOf({ relayBaseKib: 102_400, relayConnectionKib: 8 });
  const load = deploymentOf({ connections: 50_000, relays: 2, messagesPerSecond: 10_000, messageBytes: 70 });
  expect(relayMemoryMib(load, costs)).toBeCloseTo(100 + (25_000 * 8) / 1_024);
  expect(partOf(load, costs, 'relay, connections of each')?.percent).toBe(50);
  // 5,000 frames of 300 bytes with their heads, 1,000 heartbeats of 210: 1,710,000 bytes.
  expect(partOf(load, costs, 'relay, network of each')?.used).toBeCloseTo(0.01368);
});

it('shows how busy a part is, and how much of it is needed once commits are large', () => {
  const costs = costsOf({ commitMs: 1, apiMessageUs: 10, apiCommitUs: 640 });
  const api = partOf(deploymentOf({ messagesPerSecond: 1_000 }), costs, 'API, CPU of each');
  expect(api?.used).toBeCloseTo(0.65); // a commit for each message
  expect(api?.needed).toBeCloseTo(0.02); // one for 64
  expect(api?.percent).toBeCloseTo(2);
});

it('finds the fullest part', () => {
  const parts = partsOf(deploymentOf({ connections: 10_000 }), costsOf({ relayHeartbeatUs: 1 }));
  expect(fullestPart(parts)).toMatchObject({ name: 'relay, connections of each', percent: 20 });
});

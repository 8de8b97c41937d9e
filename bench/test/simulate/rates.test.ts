import { describe, expect, it } from 'vitest';
import { commitSize, ratesOf } from '../../simulate/rates.ts';
import { costsOf } from './example-costs.ts';
import { deploymentOf } from './example-deployment.ts';

describe('commitSize', () => {
  const costs = costsOf({ commitMs: 2, databaseMessageUs: 20 });

  it('is what arrives while the last commit is under way, at least one message', () => {
    // 1,000 a second, 2 ms: 2 of them, and 4 % more while those are written.
    expect(commitSize(deploymentOf({ messagesPerSecond: 1_000 }), costs, 'as-they-come')).toBeCloseTo(
      2 / 0.98,
    );
    expect(commitSize(deploymentOf({ messagesPerSecond: 10 }), costs, 'as-they-come')).toBe(1);
  });

  it('doubles once large commits gather', () => {
    // 10,000 a second: 20 / 0.8 = 25 at once, so 40 / 0.6.
    expect(commitSize(deploymentOf({ messagesPerSecond: 10_000 }), costs, 'as-they-come')).toBeCloseTo(
      40 / 0.6,
    );
  });

  it('is divided among APIs, and has no more than the publishers send at once', () => {
    const load = deploymentOf({ messagesPerSecond: 10_000, apis: 10 });
    expect(commitSize(load, costs, 'as-they-come')).toBeCloseTo(2 / 0.98);
    expect(commitSize({ ...load, apis: 2, publishers: 32 }, costs, 'as-they-come')).toBe(16);
    // Eight publishers take turns by halves.
    expect(commitSize({ ...load, apis: 2, publishers: 16 }, costs, 'as-they-come')).toBe(4);
  });

  it('has 64 requests under pressure, where publishers send so many', () => {
    const few = deploymentOf({ messagesPerSecond: 10 });
    expect(commitSize(few, costs, 'under-pressure')).toBe(64);
    expect(commitSize({ ...few, publishers: 40 }, costs, 'under-pressure')).toBe(40);
    expect(commitSize({ ...few, publishers: 32, messagesPerRequest: 10 }, costs, 'under-pressure')).toBe(320);
  });

  it('is a whole request at least, and 4,000 messages at most', () => {
    expect(
      commitSize(deploymentOf({ messagesPerSecond: 10, messagesPerRequest: 100 }), costs, 'as-they-come'),
    ).toBe(100);
    expect(commitSize(deploymentOf({ messagesPerSecond: 1_000_000 }), costs, 'as-they-come')).toBe(4_000);
  });
});

describe('ratesOf', () => {
  it('has a hint for each relay that has a member of the group, and a delivery for each member', () => {
    const load = { connections: 1_000, groupsPerConnection: 1, groupMessagesPerSecond: 10, groupSize: 2 };
    const one = ratesOf(deploymentOf(load), costsOf({}), 'as-they-come');
    expect(one).toMatchObject({ messages: 10, hints: 10, deliveries: 20, bursts: 10 });
    // Two members on two relays: half of the groups have both on one, so 1.5 relays on average.
    const two = ratesOf(deploymentOf({ ...load, relays: 2 }), costsOf({}), 'as-they-come');
    expect(two.hints).toBeCloseTo(15);
    expect(two.heads).toBeCloseTo((1_000 + 500 * 1.5) / 3);
  });

  it('messages of one commit to one connection are one write', () => {
    const costs = costsOf({ commitMs: 1 });
    // 2,000 a second: commits of 2. Two connections: half of the commits go to one of them.
    const rates = ratesOf(deploymentOf({ connections: 2, messagesPerSecond: 2_000 }), costs, 'as-they-come');
    expect(rates).toMatchObject({ commits: 1_000, deliveries: 2_000, writes: 1_500 });
    expect(
      ratesOf(deploymentOf({ connections: 2, messagesPerSecond: 10 }), costs, 'as-they-come').writes,
    ).toBe(10);
  });

  it('counts heartbeats, comparisons and reconnects of idle connections', () => {
    const idle = deploymentOf({ connections: 6_000, sessionMinutes: 10 });
    expect(ratesOf(idle, costsOf({}), 'as-they-come')).toMatchObject({
      messages: 0,
      commits: 0,
      bursts: 0,
      heads: 2_000,
      heartbeats: 240,
      identifies: 10,
    });
  });

  it('has at most two acks a second of a client, and stores 5,000 acks of groups a second and relay', () => {
    const busy = deploymentOf({ connections: 10, messagesPerSecond: 1_000, acks: 1 });
    expect(ratesOf(busy, costsOf({}), 'as-they-come')).toMatchObject({ acks: 20, acksStored: 20 });
    const group = { connections: 20_000, groupsPerConnection: 1, groupSize: 20_000, acks: 1 };
    const crowd = deploymentOf({ ...group, groupMessagesPerSecond: 1 });
    expect(ratesOf(crowd, costsOf({}), 'as-they-come')).toMatchObject({ acks: 20_000, acksStored: 5_000 });
    expect(ratesOf({ ...crowd, acks: 0 }, costsOf({}), 'as-they-come').acks).toBe(0);
  });
});

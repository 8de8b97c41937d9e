import { describe, expect, it } from 'vitest';
import { simulate } from '../../simulate/simulate.ts';
import { costsOf } from './example-costs.ts';
import { deploymentOf } from './example-deployment.ts';

describe('simulate', () => {
  it('finds the load at which the first part is full', () => {
    const costs = costsOf({ apiMessageUs: 100, relayWriteUs: 50, relayHeartbeatUs: 50 });
    const load = deploymentOf({ connections: 1_000, messagesPerSecond: 1_000 });
    const { withMoreMessages, withMoreClients } = simulate(load, costs);
    // The API takes 0.1 of a core for 1,000 messages.
    expect(withMoreMessages).toMatchObject({ connections: 1_000, fullest: { name: 'API, CPU of each' } });
    expect(withMoreMessages?.factor).toBeCloseTo(10);
    expect(withMoreMessages?.messagesPerSecond).toBeCloseTo(10_000);
    expect(withMoreClients?.connections).toBeCloseTo(10_000);
  });

  it('a group is limited by its deliveries', () => {
    const costs = costsOf({ relayWriteUs: 10 });
    const load = deploymentOf({
      ...{ connections: 20_000, groupsPerConnection: 1, groupSize: 20_000 },
      groupMessagesPerSecond: 1,
    });
    const limit = simulate(load, costs).withMoreMessages;
    expect(limit?.fullest.name).toBe('relay, CPU of each');
    expect(limit?.deliveriesPerSecond).toBeCloseTo(100_000);
  });

  it('nothing fills without a load', () => {
    expect(simulate(deploymentOf({}), costsOf({})).withMoreMessages).toBeUndefined();
  });

  it('divides the load among installations, whose limits add up', () => {
    const costs = costsOf({ apiMessageUs: 100 });
    const load = deploymentOf({ connections: 1_000, messagesPerSecond: 2_000, installations: 2 });
    const { parts, rates, withMoreMessages } = simulate(load, costs);
    expect(rates.messages).toBe(1_000);
    expect(parts.find(({ name }) => name === 'API, CPU of each')?.percent).toBeCloseTo(10);
    expect(withMoreMessages?.messagesPerSecond).toBeCloseTo(20_000);
  });

  it('counts what messages add to the database in a day, and connections to it', () => {
    const costs = costsOf({ storedBytes: 214 });
    const load = deploymentOf({ messagesPerSecond: 1_000, messageBytes: 50, apis: 2, relays: 3 });
    const simulation = simulate(load, costs);
    expect(simulation.storedGibPerDay).toBeCloseTo((1_000 * 200 * 86_400) / 1024 ** 3);
    expect(simulation.databaseConnectionsMax).toBe(2 * 14 + 3 * 10);
  });
});

describe('the death of a relay', () => {
  const costs = costsOf({ relayIdentifyUs: 300, relayBacklogUs: 20, databaseIdentifyUs: 100 });
  const load = deploymentOf({ connections: 30_000, relays: 3, missedMessages: 5, databaseCores: 1 });

  it('its clients need the CPU that the others have left', () => {
    // 10,000 clients at 0.4 ms on two relays; the database needs 1 s.
    expect(simulate(load, costs).relayDeathSeconds).toBeCloseTo(2);
  });

  it('on shared cores relay and database take turns', () => {
    expect(simulate({ ...load, sharedCores: 1 }, costs).relayDeathSeconds).toBeCloseTo(5);
  });

  it('without free cores they are never served', () => {
    const busy = { ...costs, relayHeartbeatUs: 2_000 }; // 1,200 a second: 2.4 cores
    expect(simulate(load, busy).relayDeathSeconds).toBe(Infinity);
  });
});

const AUTO = { installations: 0, apis: 0, relays: 0, databaseCores: 0 };

describe('what is not given', () => {
  it('has as few processes as carry the load at 70 %', () => {
    const costs = costsOf({ apiMessageUs: 100, relayWriteUs: 50, databaseMessageUs: 20 });
    const load = deploymentOf({ ...AUTO, installations: 1, connections: 42_000, messagesPerSecond: 42_000 });
    const { apis, relays, databaseCores } = simulate(load, costs).deployment;
    expect(apis).toBe(6); // 4.2 cores
    expect(relays).toBe(3); // 2.1 cores
    expect(databaseCores).toBe(2); // 0.84 of a core
  });

  it('takes as many relays as their connections need', () => {
    const load = deploymentOf({ relays: 0, connections: 105_000 });
    expect(simulate(load, costsOf({})).deployment.relays).toBe(3);
  });

  it('takes another database where one would need more than 16 cores', () => {
    const costs = costsOf({ databaseMessageUs: 100 });
    const load = deploymentOf({ ...AUTO, messagesPerSecond: 200_000 });
    const { deployment } = simulate(load, costs);
    expect(deployment.installations).toBe(2); // 20 cores, of which 70 % of 16 are 11.2
    expect(deployment.databaseCores).toBe(15);
  });

  it('takes another installation where one Redis does not carry the hints', () => {
    const costs = costsOf({ redisHintUs: 10 });
    const load = deploymentOf({ ...AUTO, messagesPerSecond: 100_000 });
    expect(simulate(load, costs).deployment.installations).toBe(2);
  });
});

/**
 * What `npm run bench` measured on the machine and day of the unit costs, and what they were not fitted to (of the
 * batches, only the API's share was). The figures are in docs/scaling.md.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { cpuUse } from '../../simulate/parts.ts';
import { ratesOf } from '../../simulate/rates.ts';
import { simulate } from '../../simulate/simulate.ts';
import { parseUnitCosts } from '../../simulate/unit-costs.ts';
import { deploymentOf } from './example-deployment.ts';

const FILE = readFileSync(new URL('../../simulate/unit-costs.json', import.meta.url), 'utf8');
const { costs } = parseUnitCosts(FILE);

/** The bench keeps all servers on one core. */
const ONE_CORE = { sharedCores: 1, messageBytes: 64 } as const;
const DEVIATION_MAX = 0.25;

function expectNear(predicted: number, measured: number): void {
  expect(Math.abs(predicted / measured - 1), `${predicted} for ${measured}`).toBeLessThan(DEVIATION_MAX);
}

it('predicts where two processes of each service saturate: `workers`, 7,784 messages a second', () => {
  const load = { ...ONE_CORE, connections: 1_000, messagesPerSecond: 1_000, publishers: 64 };
  const { withMoreMessages } = simulate(deploymentOf({ ...load, apis: 2, relays: 2 }), costs);
  expect(withMoreMessages?.fullest.name).toBe('all processes, CPU');
  expectNear(withMoreMessages?.messagesPerSecond ?? NaN, 7_784);
});

it('predicts where batches of 100 saturate: `batch`, 40,221 messages a second', () => {
  const load = { ...ONE_CORE, connections: 1_000, messagesPerSecond: 1_000, publishers: 32 };
  const { withMoreMessages } = simulate(deploymentOf({ ...load, messagesPerRequest: 100 }), costs);
  expectNear(withMoreMessages?.messagesPerSecond ?? NaN, 40_221);
});

it('predicts the CPU of a mixed load: `mixed`, 717 ms a second', () => {
  const load = deploymentOf({
    ...{ ...ONE_CORE, connections: 4_000, groupsPerConnection: 1, groupSize: 100, acks: 1 },
    ...{ messagesPerSecond: 500, groupMessagesPerSecond: 20 },
  });
  const use = cpuUse(load, ratesOf(load, costs, 'as-they-come'), costs);
  expectNear(use.api + use.relay + use.database + use.redis, 0.717);
});

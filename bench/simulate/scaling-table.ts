import { formatNumber } from '../report/table.ts';
import { type Deployment, SETTINGS } from './deployment.ts';
import type { PartName } from './parts.ts';
import { simulate } from './simulate.ts';
import type { UnitCosts } from './unit-costs.ts';

const SIZES = [10_000, 100_000, 1_000_000, 10_000_000] as const;
const SECONDS_PER_MINUTE = 60;

const HEADINGS = [
  'connections',
  'messages/s',
  'deliveries/s',
  'installations',
  'each with',
  'database, CPU',
  'Redis, CPU',
  'rows/s and GiB/day in each database',
  'after the death of a relay',
] as const;

/** The table of `docs/scaling.md`: the same traffic for each connection, whatever their number. */
export function scalingTable(costs: UnitCosts): string {
  const rows = SIZES.map((connections) => rowOf(trafficOf(connections), costs));
  const lines = [HEADINGS, HEADINGS.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A message a minute to each client, and one to each group. */
function trafficOf(connections: number): Deployment {
  const defaults = Object.fromEntries(
    Object.entries(SETTINGS).map(([name, { byDefault }]) => [name, byDefault]),
  ) as unknown as Deployment;
  const groups = (connections * defaults.groupsPerConnection) / defaults.groupSize;
  return {
    ...defaults,
    connections,
    messagesPerSecond: connections / SECONDS_PER_MINUTE,
    groupMessagesPerSecond: groups / SECONDS_PER_MINUTE,
  };
}

function rowOf(asked: Deployment, costs: UnitCosts): string[] {
  const { deployment, rates, parts, storedGibPerDay, relayDeathSeconds } = simulate(asked, costs);
  const { installations, apis, relays, databaseCores } = deployment;
  const used = (name: PartName) => parts.find((part) => part.name === name)?.used ?? NaN;
  return [
    count(deployment.connections),
    count(rates.messages * installations),
    count(rates.deliveries * installations),
    count(installations),
    `${several(apis, 'API')}, ${several(relays, 'relay')}`,
    `${formatNumber(used('database, CPU'))} of ${several(databaseCores, 'core')}`,
    `${formatNumber(100 * used('Redis, CPU of each node'))} % of a core`,
    `${count(rates.messages + rates.acksStored)}, ${formatNumber(storedGibPerDay)}`,
    `${formatNumber(relayDeathSeconds)} s`,
  ];
}

function several(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

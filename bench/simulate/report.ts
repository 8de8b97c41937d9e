import { formatNumber } from '../report/table.ts';
import type { Part } from './parts.ts';
import type { Limit, Simulation } from './simulate.ts';
import { DATABASE_CORES_MAX } from './size-deployment.ts';
import type { Provenance } from './unit-costs.ts';

/** A simulation as a page for a terminal. */
export function formatSimulation(simulation: Simulation, measured: Provenance): string {
  const { deployment, rates, parts } = simulation;
  const { installations, apis, relays, redisNodes, databaseCores, sharedCores } = deployment;
  const each = installations > 1 ? `${number(installations)} installations, each with ` : '';
  const cores =
    sharedCores > 0 ? `${sharedCores} cores for all` : `a database on ${number(databaseCores)} cores`;
  return [
    `${number(deployment.connections)} connections, ${number(deployment.messagesPerSecond)} messages a second to clients and ${number(deployment.groupMessagesPerSecond)} to groups of ${number(deployment.groupSize)}`,
    `${each}${number(apis)} APIs, ${number(relays)} relays, ${number(redisNodes)} Redis, ${cores}`,
    ...(databaseCores > DATABASE_CORES_MAX && sharedCores === 0
      ? [
          `More than ${DATABASE_CORES_MAX} cores of one database are a guess: divide the targets (--installations).`,
        ]
      : []),
    '',
    formatParts(parts),
    '',
    `${installations > 1 ? 'In each installation, a second' : 'A second'}: ${number(rates.messages)} messages in ${number(rates.commits)} commits of ${number(rates.messagesPerCommit)}, ${number(rates.deliveries)} deliveries,`,
    `  ${number(rates.acksStored)} acks stored, ${number(rates.heads)} heads compared, ${number(rates.identifies)} clients identified`,
    `A relay holds ${number(deployment.connections / installations / relays)} connections in ${number(simulation.relayMemoryMib)} MiB; subscriptions take ${number(simulation.redisSubscriptionsMib)} MiB of Redis.`,
    `The services open at most ${number(simulation.databaseConnectionsMax)} connections to a database. Messages add ${number(simulation.storedGibPerDay)} GiB a day to it.`,
    `If a relay dies, its clients are served again after ${formatSeconds(simulation.relayDeathSeconds)}, plus the time until they notice.`,
    '',
    `With more messages:  ${formatLimit(simulation.withMoreMessages)}`,
    `With more clients:   ${formatLimit(simulation.withMoreClients)}`,
    '',
    `Unit costs of ${measured.date} (${measured.machine}), commit ${measured.commit}.`,
  ].join('\n');
}

function formatParts(parts: readonly Part[]): string {
  const sorted = parts.toSorted((a, b) => b.percent - a.percent);
  const rows = sorted.map(({ name, used, needed, of, unit, percent }) => [
    name,
    `${formatNumber(percent)} %`,
    number(used),
    number(needed),
    `${number(of)} ${unit}`.trim(),
  ]);
  const lines = [['', 'full', 'busy', 'needed', 'of'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  return lines
    .map(([name = '', ...cells]) =>
      [
        name.padEnd(widths[0] ?? 0),
        ...cells.map((cell, index) => cell.padStart(widths[index + 1] ?? 0)),
      ].join('  '),
    )
    .join('\n');
}

function formatLimit(limit: Limit | undefined): string {
  if (limit === undefined) return 'nothing fills';
  const { factor, fullest, messagesPerSecond, deliveriesPerSecond, connections } = limit;
  return `full at ${number(factor)} × this load (${fullest.name}): ${number(messagesPerSecond)} messages and ${number(deliveriesPerSecond)} deliveries a second, ${number(connections)} connections`;
}

function formatSeconds(seconds: number): string {
  return Number.isFinite(seconds) ? `${number(seconds)} s` : 'never: nothing is left free';
}

/** Whole numbers as they are, others to about three digits. */
function number(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en') : formatNumber(value);
}

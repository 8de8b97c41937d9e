import { type Deployment, ofOneInstallation } from './deployment.ts';
import { cpuUse, fullestPart, type Part, partsOf, relayMemoryMib } from './parts.ts';
import { type Rates, ratesOf } from './rates.ts';
import { sizeDeployment } from './size-deployment.ts';
import type { UnitCosts } from './unit-costs.ts';

const SECONDS_PER_DAY = 86_400;
const BYTES_PER_GIB = 1024 ** 3;
const BYTES_PER_MIB = 1024 ** 2;
/** Of the messages by which bytes of storage were measured. */
const MEASURED_MESSAGE_BYTES = 64;
/** A process has fewer unless it is busy: `docs/database-connection.md`. */
const API_DATABASE_CONNECTIONS_MAX = 4 + 8 + 2;
const RELAY_DATABASE_CONNECTIONS_MAX = 8 + 2;
const BISECTIONS = 60;
const FACTOR_MAX = 1e9;

export interface Limit {
  /** How many times the load fits. */
  readonly factor: number;
  /** What is full then. */
  readonly fullest: Part;
  readonly messagesPerSecond: number;
  readonly deliveriesPerSecond: number;
  readonly connections: number;
}

/** All figures but the last two limits are of one installation. */
export interface Simulation {
  /** With the counts that were chosen. */
  readonly deployment: Deployment;
  readonly rates: Rates;
  readonly parts: readonly Part[];
  readonly relayMemoryMib: number;
  readonly redisSubscriptionsMib: number;
  /** At most; a process that is not busy has fewer. */
  readonly databaseConnectionsMax: number;
  readonly storedGibPerDay: number;
  /** Until the clients of a relay that died are all served by the others; Infinity: never. */
  readonly relayDeathSeconds: number;
  /** The same deployment with more messages, and with more clients that get as many as before. */
  readonly withMoreMessages: Limit | undefined;
  readonly withMoreClients: Limit | undefined;
}

/** What a deployment uses of each part, and where it ends. */
export function simulate(asked: Deployment, costs: UnitCosts): Simulation {
  const deployment = sizeDeployment(asked, costs);
  const one = ofOneInstallation(deployment);
  const rates = ratesOf(one, costs, 'as-they-come');
  const stored = costs.storedBytes - MEASURED_MESSAGE_BYTES + one.messageBytes;
  return {
    deployment,
    rates,
    parts: partsOf(one, costs),
    relayMemoryMib: relayMemoryMib(one, costs),
    redisSubscriptionsMib: (rates.heads * one.compareSeconds * costs.redisSubscriptionBytes) / BYTES_PER_MIB,
    databaseConnectionsMax:
      one.apis * API_DATABASE_CONNECTIONS_MAX + one.relays * RELAY_DATABASE_CONNECTIONS_MAX,
    storedGibPerDay: (rates.messages * stored * SECONDS_PER_DAY) / BYTES_PER_GIB,
    relayDeathSeconds: relayDeathSeconds(one, costs),
    withMoreMessages: findLimit(deployment, costs, (factor) => timesMessages(deployment, factor)),
    withMoreClients: findLimit(deployment, costs, (factor) => ({
      ...timesMessages(deployment, factor),
      connections: deployment.connections * factor,
    })),
  };
}

function timesMessages(deployment: Deployment, factor: number): Deployment {
  const { messagesPerSecond, groupMessagesPerSecond } = deployment;
  return {
    ...deployment,
    messagesPerSecond: messagesPerSecond * factor,
    groupMessagesPerSecond: groupMessagesPerSecond * factor,
  };
}

/** Undefined where nothing fills, because there is no such load. */
function findLimit(
  deployment: Deployment,
  costs: UnitCosts,
  times: (factor: number) => Deployment,
): Limit | undefined {
  const partsAt = (factor: number) => partsOf(ofOneInstallation(times(factor)), costs);
  const isFull = (factor: number) => fullestPart(partsAt(factor)).percent >= 100;
  let tooMuch = 1;
  while (!isFull(tooMuch)) {
    tooMuch *= 2;
    if (tooMuch > FACTOR_MAX) return undefined;
  }
  let fits = 0;
  for (let step = 0; step < BISECTIONS; step += 1) {
    const middle = (fits + tooMuch) / 2;
    if (isFull(middle)) tooMuch = middle;
    else fits = middle;
  }
  const { messages, deliveries } = ratesOf(ofOneInstallation(times(fits)), costs, 'under-pressure');
  const { installations } = deployment;
  return {
    factor: fits,
    fullest: fullestPart(partsAt(fits)),
    messagesPerSecond: messages * installations,
    deliveriesPerSecond: deliveries * installations,
    connections: times(fits).connections,
  };
}

/** The others take the clients with what their load leaves free; a single relay takes them itself, once it is back. */
function relayDeathSeconds(one: Deployment, costs: UnitCosts): number {
  const returning = one.connections / one.relays;
  const left = Math.max(1, one.relays - 1);
  const cpu = cpuUse(one, ratesOf(one, costs, 'under-pressure'), costs);
  const relayWork = costs.relayIdentifyUs + one.missedMessages * costs.relayBacklogUs;
  const databaseWork = costs.databaseIdentifyUs + one.missedMessages * costs.databaseBacklogUs;
  const seconds = (workUs: number, freeCores: number) =>
    freeCores <= 0 ? Infinity : (returning * workUs) / 1e6 / freeCores;
  if (one.sharedCores > 0) {
    const free = one.sharedCores - (cpu.api + cpu.relay + cpu.database + cpu.redis * one.redisNodes);
    return seconds(relayWork + databaseWork, free);
  }
  return Math.max(
    seconds(relayWork, left - cpu.relay),
    seconds(databaseWork, one.databaseCores - cpu.database),
  );
}

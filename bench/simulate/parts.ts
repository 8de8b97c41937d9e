import type { Deployment } from './deployment.ts';
import { type Rates, ratesOf } from './rates.ts';
import type { UnitCosts } from './unit-costs.ts';

const US_PER_SECOND = 1_000_000;
const KIB_PER_MIB = 1_024;
/** CONNECTIONS_MAX of a relay, by default. */
const CONNECTIONS_PER_RELAY_MAX = 50_000;
/** Each API has one commit in flight, of so many messages at most. */
const COMMIT_MESSAGES_MAX = 4_000;
/** A `new_message` frame without its text; the head of the frame, and of TCP and IP packets that carry it alone. */
const FRAME_BYTES = 170;
const PACKET_BYTES = 60;
/** A heartbeat, a ping and the pong to it. */
const HEARTBEAT_BYTES = 3 * PACKET_BYTES + 30;
const BITS_PER_BYTE = 8;
const BITS_PER_GBIT = 1e9;
/** What network cards of servers carry at the least. */
const NETWORK_GBITS = 10;

/** How much of something is used. */
export interface Part {
  readonly name: PartName;
  /** What a monitor would show. */
  readonly used: number;
  /** What the same load takes when the part is full: commits are larger then, and so cheaper for each message. */
  readonly needed: number;
  /** What there is of it. */
  readonly of: number;
  readonly unit: string;
  /** `needed` of `of`: at 100 the part is full. */
  readonly percent: number;
}

export type PartName =
  | 'API, CPU of each'
  | 'API, commits of each'
  | 'relay, CPU of each'
  | 'relay, connections of each'
  | 'database, CPU'
  | 'Redis, CPU of each node'
  | 'Redis, network of each node'
  | 'relay, network of each'
  | 'all processes, CPU';

/** CPU seconds that each part of one installation uses in a second, all its processes together. */
export interface CpuUse {
  readonly api: number;
  readonly relay: number;
  readonly database: number;
  /** Of each node: every node of a cluster takes every hint. */
  readonly redis: number;
}

/** CPU by the unit costs. */
export function cpuUse(deployment: Deployment, rates: Rates, costs: UnitCosts): CpuUse {
  const { apis, relays, redisNodes, missedMessages } = deployment;
  const missed = rates.identifies * missedMessages;
  const api =
    rates.requests * costs.apiRequestUs +
    rates.messages * costs.apiMessageUs +
    rates.commits * costs.apiCommitUs +
    apis * costs.apiIdleUs;
  const relay =
    rates.hints * costs.relayHintUs +
    rates.bursts * costs.relayBurstUs +
    rates.writes * costs.relayWriteUs +
    rates.acks * costs.relayAckUs +
    rates.heads * costs.relayHeadUs +
    rates.heartbeats * costs.relayHeartbeatUs +
    rates.identifies * costs.relayIdentifyUs +
    missed * costs.relayBacklogUs +
    relays * costs.relayIdleUs;
  const database =
    rates.messages * costs.databaseMessageUs +
    rates.commits * costs.databaseCommitUs +
    rates.heads * costs.databaseHeadUs +
    rates.acksStored * costs.databaseAckUs +
    rates.identifies * costs.databaseIdentifyUs +
    missed * costs.databaseBacklogUs +
    (apis + relays) * costs.databaseIdleUs;
  const redis =
    rates.messages * costs.redisHintUs +
    rates.commits * costs.redisCommitUs +
    (rates.bursts * costs.redisWriteUs) / redisNodes;
  return {
    api: api / US_PER_SECOND,
    relay: relay / US_PER_SECOND,
    database: database / US_PER_SECOND,
    redis: redis / US_PER_SECOND,
  };
}

/** Every part that can fill, of one installation. */
export function partsOf(deployment: Deployment, costs: UnitCosts): readonly Part[] {
  const rates = ratesOf(deployment, costs, 'as-they-come');
  const used = cpuUse(deployment, rates, costs);
  const needed = cpuUse(deployment, ratesOf(deployment, costs, 'under-pressure'), costs);
  const cpuPart = (name: PartName, of: number, cores: (use: CpuUse) => number): Part =>
    part(name, 'cores', { used: cores(used), needed: cores(needed), of });
  const { apis, relays, redisNodes, sharedCores, databaseCores } = deployment;
  const all = (use: CpuUse) => use.api + use.relay + use.database + use.redis * redisNodes;
  return [
    cpuPart('API, CPU of each', 1, ({ api }) => api / apis),
    cpuPart('relay, CPU of each', 1, ({ relay }) => relay / relays),
    ...(sharedCores > 0
      ? [cpuPart('all processes, CPU', sharedCores, all)]
      : [
          cpuPart('database, CPU', databaseCores, ({ database }) => database),
          cpuPart('Redis, CPU of each node', 1, ({ redis }) => redis),
        ]),
    ...otherParts(deployment, rates, costs),
  ];
}

function otherParts(deployment: Deployment, rates: Rates, costs: UnitCosts): readonly Part[] {
  const { connections, relays, redisNodes } = deployment;
  const plain = (name: PartName, unit: string, [used, of]: readonly [used: number, of: number]): Part =>
    part(name, unit, { used, needed: used, of });
  const relayGbits = gbits(relayBytes(rates, deployment)) / relays;
  const redisGbits = gbits(rates.hints * (deployment.messageBytes + FRAME_BYTES + PACKET_BYTES)) / redisNodes;
  return [
    plain('API, commits of each', 'of the time', [commitLaneUse(rates, deployment, costs), 1]),
    plain('relay, connections of each', '', [connections / relays, CONNECTIONS_PER_RELAY_MAX]),
    plain('relay, network of each', 'Gbit/s', [relayGbits, NETWORK_GBITS]),
    plain('Redis, network of each node', 'Gbit/s', [redisGbits, NETWORK_GBITS]),
  ];
}

/** Share of the time in which an API waits for commits if all of them were as large as they may be. */
function commitLaneUse(rates: Rates, { apis }: Deployment, costs: UnitCosts): number {
  const millisecondsPerMessage = costs.commitMs / COMMIT_MESSAGES_MAX + costs.databaseMessageUs / 1_000;
  return ((rates.messages / apis) * millisecondsPerMessage) / 1_000;
}

function relayBytes({ deliveries, heartbeats }: Rates, { messageBytes }: Deployment): number {
  return deliveries * (messageBytes + FRAME_BYTES + PACKET_BYTES) + heartbeats * HEARTBEAT_BYTES;
}

function gbits(bytesPerSecond: number): number {
  return (bytesPerSecond * BITS_PER_BYTE) / BITS_PER_GBIT;
}

function part(name: PartName, unit: string, amounts: Pick<Part, 'used' | 'needed' | 'of'>): Part {
  return { name, ...amounts, unit, percent: (100 * amounts.needed) / amounts.of };
}

/** The part that is nearest to its limit. */
export function fullestPart(parts: readonly Part[]): Part {
  const [first, ...others] = parts;
  if (first === undefined) throw new Error('a deployment has parts');
  return others.reduce((fullest, other) => (other.percent > fullest.percent ? other : fullest), first);
}

/** Resident memory of one relay. */
export function relayMemoryMib({ connections, relays }: Deployment, costs: UnitCosts): number {
  return (costs.relayBaseKib + (connections / relays) * costs.relayConnectionKib) / KIB_PER_MIB;
}

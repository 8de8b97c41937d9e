import type { FigureSummary } from '../measure/figure.ts';
import { type UnitCosts, UNIT_COST_MEANINGS } from './unit-costs.ts';

type Summaries = readonly Pick<FigureSummary, 'name' | 'median'>[];

const COMPARE_SECONDS = 3;
const HEARTBEAT_SECONDS = 25;
/** Of the workload: idle connections, messages in a request, missed messages of each reader, hints at once. */
const IDLE_CONNECTIONS = 10_000;
const BATCH = 100;
const MISSED = 100;
const HINTS_AT_ONCE = 64;
const US_PER_MS = 1_000;
/** The API and the relay: two processes ask the database even if there is nothing to do. */
const PROCESSES = 2;
const BYTES_PER_KIB = 1_024;

/**
 * The unit costs that explain the figures of `npm run bench -- unit-costs group workers`, of which the last two begin with
 * the name of their workload. What depends on the size of a commit is fitted to commits of two sizes. A difference that
 * the noise made negative counts as 0.
 */
export function fitUnitCosts(figures: Summaries): UnitCosts {
  const of = (name: string): number => {
    const figure = figures.find((candidate) => candidate.name === name);
    if (figure === undefined) throw new Error(`the results have no figure "${name}"`);
    return figure.median;
  };
  const raw = {
    ...publishing(of),
    ...relaying(of),
    ...resting(of),
    ...returning(of),
    ...sizes(of),
  };
  const known = Object.keys(UNIT_COST_MEANINGS) as (keyof UnitCosts)[];
  return Object.fromEntries(known.map((name) => [name, round(Math.max(0, raw[name]))])) as UnitCosts;
}

type Read = (name: string) => number;

/** Milliseconds for 1,000 messages are microseconds for each. */
function publishing(of: Read) {
  const api = perMessageAndCommit(of, 'api-server');
  const database = perMessageAndCommit(of, 'database');
  const inBatch = of('batches of 100: api-server') - api.commit / of('batches of 100: rows in a commit');
  const apiMessageUs = Math.max(0, (inBatch - api.message / BATCH) / (1 - 1 / BATCH));
  return {
    apiMessageUs,
    apiRequestUs: api.message - apiMessageUs,
    apiCommitUs: api.commit,
    databaseMessageUs: database.message,
    databaseCommitUs: database.commit,
    commitMs: of('without acks: a commit'),
  };
}

function relaying(of: Read) {
  const relay = perMessageAndCommit(of, 'websocket-server');
  const redis = perMessageAndCommit(of, 'redis');
  const delivery = of('group: websocket-server');
  const oneMoreRelay = (of('4 subscribers: redis') - of('1 subscriber: redis')) / 3;
  const redisWriteUs = HINTS_AT_ONCE * oneMoreRelay;
  return {
    relayWriteUs: delivery,
    relayHintUs: relay.message - delivery,
    relayBurstUs: relay.commit,
    redisHintUs: redis.message,
    redisCommitUs: redis.commit - redisWriteUs,
    redisWriteUs,
    relayAckUs: perAck(of, 'websocket-server'),
    databaseAckUs: perAck(of, 'database'),
  };
}

/** What acks add to the same load, apart from commits: a busier core makes fewer and larger ones. */
function perAck(of: Read, role: string): number {
  const { commit } = perMessageAndCommit(of, role);
  const withoutCommits = (part: string) =>
    of(`${part}: ${role}`) -
    (commit / US_PER_MS) * (of(`${part}: messages`) / of(`${part}: rows in a commit`));
  return (US_PER_MS * (withoutCommits('with acks') - withoutCommits('without acks'))) / of('with acks: acks');
}

/** Cost of each message, and of each commit, from commits of two sizes. `workers` measures the large ones once more. */
function perMessageAndCommit(of: Read, role: string): { readonly message: number; readonly commit: number } {
  const small = { cost: of(`8 publishers: ${role}`), rows: of('8 publishers: rows in a commit') };
  const both = (name: string) => (of(`64 publishers: ${name}`) + of(`workers: ${name}`)) / 2;
  const large = { cost: both(role), rows: both('rows in a commit') };
  const commit = Math.max(0, (small.cost - large.cost) / (1 / small.rows - 1 / large.rows));
  return { commit, message: large.cost - commit / large.rows };
}

function resting(of: Read) {
  const usPerSecond = (part: string, role: string) => of(`${part}: ${role}`) * US_PER_MS;
  const more = (part: string, than: string, role: string) =>
    usPerSecond(part, role) - usPerSecond(than, role);
  const headsPerSecond = IDLE_CONNECTIONS / COMPARE_SECONDS;
  const heartbeatsPerSecond = IDLE_CONNECTIONS / HEARTBEAT_SECONDS;
  const same = 'idle sockets of one client';
  return {
    apiIdleUs: usPerSecond('no clients', 'api-server'),
    relayIdleUs: usPerSecond('no clients', 'websocket-server'),
    databaseIdleUs: usPerSecond('no clients', 'database') / PROCESSES,
    databaseHeadUs: more('idle clients', 'no clients', 'database') / headsPerSecond,
    relayHeadUs: more('idle clients', same, 'websocket-server') / headsPerSecond,
    relayHeartbeatUs: more(same, 'no clients', 'websocket-server') / heartbeatsPerSecond,
  };
}

function returning(of: Read) {
  const backlog = (role: string) => of(`storm: ${role}`) - of(`opening: ${role}`) / MISSED;
  return {
    relayIdentifyUs: of('opening: websocket-server'),
    databaseIdentifyUs: of('opening: database'),
    relayBacklogUs: backlog('websocket-server'),
    databaseBacklogUs: backlog('database'),
  };
}

function sizes(of: Read) {
  const grown = (role: string) =>
    (of(`idle clients: ${role} resident`) - of(`no clients: ${role} resident`)) / IDLE_CONNECTIONS;
  return {
    relayBaseKib: of('no clients: websocket-server resident'),
    relayConnectionKib: grown('websocket-server'),
    redisSubscriptionBytes: grown('redis') * BYTES_PER_KIB,
    storedBytes: of('rows: stored'),
    logBytes: of('without acks: log written'),
  };
}

/** More digits would say that it is known better than it is. */
function round(value: number): number {
  return Number(value.toPrecision(3));
}

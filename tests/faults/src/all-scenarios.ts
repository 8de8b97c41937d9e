import type { CommandLine } from './command-line.ts';
import { brokenCommits } from './scenarios/broken-commits.ts';
import { brokenLoneCommits } from './scenarios/broken-lone-commits.ts';
import { changingMembers } from './scenarios/changing-members.ts';
import { clean } from './scenarios/clean.ts';
import { comingBack } from './scenarios/coming-back.ts';
import { frozenCounters } from './scenarios/frozen-counters.ts';
import { fullDisk } from './scenarios/full-disk.ts';
import { idsAgain } from './scenarios/ids-again.ts';
import { laggingRelay } from './scenarios/lagging-relay.ts';
import { lostHints } from './scenarios/lost-hints.ts';
import { lostReplies } from './scenarios/lost-replies.ts';
import { lostTail } from './scenarios/lost-tail.ts';
import { drained, manyMachines } from './scenarios/many-machines.ts';
import { mixedFaults } from './scenarios/mixed-faults.ts';
import { reconnects } from './scenarios/reconnects.ts';
import { openTransaction } from './scenarios/open-transaction.ts';
import { redisAway } from './scenarios/redis-away.ts';
import { clusterNodeDies, sentinelFailover } from './scenarios/redis-failover.ts';
import { relayKilled } from './scenarios/relay-killed.ts';
import { restoredDump } from './scenarios/restored-dump.ts';
import type { RunResult } from './scenarios/run-result.ts';
import type { ScenarioSettings } from './scenarios/scenario.ts';
import { sdkCuts } from './scenarios/sdk-cuts.ts';
import { stoppedReader } from './scenarios/stopped-reader.ts';
import { twoWriters } from './scenarios/two-writers.ts';

export interface Scenario {
  readonly name: string;
  /** What the scenario does, and which options it uses. */
  readonly summary: string;
  /** Rejects with a NotPossibleHereError if this machine does not permit the scenario. */
  readonly run: (settings: ScenarioSettings, options: CommandLine) => Promise<RunResult>;
}

/** The defaults, which docs/reliability.md reports. */
const MIXED_MINUTES = 5;
const CLEAN_MESSAGES = 1_000_000;
const RETRIED_SENDS = 10_000;
const RECONNECTS = 1_000;
const SDK_CUTS = 1_000;
const REDIS_AWAY_SECONDS = 60;
const OPEN_SECONDS = 60;
const CLIENTS = 5_000;

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'mixed-faults',
    summary: `any fault at any place under load; --minutes (${MIXED_MINUTES}) or --faults`,
    run: (settings, { minutes, faults }) =>
      mixedFaults({
        ...settings,
        ...(faults === undefined ? { minutes: minutes ?? MIXED_MINUTES } : { faults }),
      }),
  },
  {
    name: 'clean',
    summary: `no fault, readers move between the relays; --messages (${CLEAN_MESSAGES})`,
    run: (settings, { messages = CLEAN_MESSAGES }) => clean({ ...settings, messages }),
  },
  {
    name: 'lost-replies',
    summary: `answers to publishers are lost, sends are retried; --messages (${RETRIED_SENDS} retried sends)`,
    run: (settings, { messages = RETRIED_SENDS }) => lostReplies({ ...settings, retriedSends: messages }),
  },
  {
    name: 'reconnects',
    summary: `one client with 500 messages/s is disconnected; --faults (${RECONNECTS} times)`,
    run: (settings, { faults = RECONNECTS }) => reconnects({ ...settings, reconnects: faults }),
  },
  {
    name: 'sdk-cuts',
    summary: `applications on the client library lose their relay; --faults (${SDK_CUTS} times)`,
    run: (settings, { faults = SDK_CUTS }) => sdkCuts({ ...settings, cuts: faults }),
  },
  {
    name: 'redis-away',
    summary: `Redis is away under load; --minutes (${REDIS_AWAY_SECONDS / 60})`,
    run: (settings, { minutes }) =>
      redisAway({ ...settings, awaySeconds: minutes === undefined ? REDIS_AWAY_SECONDS : minutes * 60 }),
  },
  {
    name: 'sentinel-failover',
    summary: "Redis' master dies under load, and sentinels promote its replica",
    run: sentinelFailover,
  },
  {
    name: 'cluster-node-dies',
    summary: 'a node of a Redis cluster dies under load',
    run: clusterNodeDies,
  },
  {
    name: 'many-machines',
    summary:
      'APIs and relays behind HAProxy are killed and drained in turn, with sentinels and a demoted primary',
    run: manyMachines,
  },
  { name: 'drained', summary: 'an API and a relay behind HAProxy are drained', run: drained },
  {
    name: 'relay-killed',
    summary: `a relay is killed with all its clients; --clients (${CLIENTS})`,
    run: (settings, { clients = CLIENTS }) => relayKilled({ ...settings, clients }),
  },
  {
    name: 'open-transaction',
    summary: `an application's SQL transaction stays open under load; --minutes (${OPEN_SECONDS / 60})`,
    run: (settings, { minutes }) =>
      openTransaction({ ...settings, openSeconds: minutes === undefined ? OPEN_SECONDS : minutes * 60 }),
  },
  {
    name: 'restored-dump',
    summary: 'an older dump is restored under running services, then a new epoch is begun',
    run: (settings) => restoredDump({ ...settings, isEpochLate: false }),
  },
  {
    name: 'late-epoch',
    summary: 'like restored-dump, but the new epoch is begun only after publishers have continued',
    run: (settings) => restoredDump({ ...settings, isEpochLate: true }),
  },
  {
    name: 'lost-tail',
    summary:
      'the last commits are lost as in a failover, publishers continue at once, and no command begins an epoch',
    run: lostTail,
  },
  {
    name: 'frozen-counters',
    summary: 'an API is frozen while it holds the counters of targets',
    run: frozenCounters,
  },
  {
    name: 'full-disk',
    summary: "the database's disk is full for a while; needs root, to mount a small disk",
    run: fullDisk,
  },
  {
    name: 'coming-back',
    summary: 'all clients reconnect at once, after they have missed many messages',
    run: comingBack,
  },
  {
    name: 'two-writers',
    summary: 'two APIs write to the same targets over links of different speed',
    run: twoWriters,
  },
  {
    name: 'changing-members',
    summary: 'clients join and leave groups by HTTP and SQL, while two APIs write and readers come and go',
    run: changingMembers,
  },
  {
    name: 'broken-commits',
    summary: 'links between APIs and database break during transactions',
    run: brokenCommits,
  },
  {
    name: 'broken-lone-commits',
    summary: 'links between APIs and database break while messages are stored one by one',
    run: brokenLoneCommits,
  },
  {
    name: 'ids-again',
    summary: 'the database crashes at a COMMIT, and gives the ids and offsets of that append to the next one',
    run: idsAgain,
  },
  {
    name: 'stopped-reader',
    summary: 'a client stops reading while 70 MB are published to it',
    run: stoppedReader,
  },
  {
    name: 'lost-hints',
    summary: 'the APIs reach only the database, the relays also Redis',
    run: lostHints,
  },
  {
    name: 'lagging-relay',
    summary: 'a reader moves to a relay that receives nothing from Redis',
    run: laggingRelay,
  },
];

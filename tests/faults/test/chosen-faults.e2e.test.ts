import { it } from 'vitest';
import { frozenCounters } from '../src/scenarios/frozen-counters.ts';
import { fullDisk } from '../src/scenarios/full-disk.ts';
import { idsAgain } from '../src/scenarios/ids-again.ts';
import { laggingRelay } from '../src/scenarios/lagging-relay.ts';
import { lostHints } from '../src/scenarios/lost-hints.ts';
import { lostTail } from '../src/scenarios/lost-tail.ts';
import { drained } from '../src/scenarios/many-machines.ts';
import { openTransaction } from '../src/scenarios/open-transaction.ts';
import { redisAway } from '../src/scenarios/redis-away.ts';
import { clusterNodeDies, sentinelFailover } from '../src/scenarios/redis-failover.ts';
import { relayKilled } from '../src/scenarios/relay-killed.ts';
import { restoredDump } from '../src/scenarios/restored-dump.ts';
import { stoppedReader } from '../src/scenarios/stopped-reader.ts';
import { NotPossibleHereError, type ScenarioSettings } from '../src/scenarios/scenario.ts';
import { useScenarios } from './support/use-scenarios.ts';

const passes = useScenarios();

it('[REL-5] an API frozen with counters in its hands holds up only their targets', async () => {
  await passes('frozen-counters', frozenCounters);
});

it('[REL-6] an older dump is put back: readers are told, and nothing the database holds is dropped', async () => {
  await passes('restored-dump', (settings) => restoredDump({ ...settings, isEpochLate: false }));
  await passes('late-epoch', (settings) => restoredDump({ ...settings, isEpochLate: true }));
});

it('[REL-15] the last commits are gone and others in their place: everybody gets what the database then holds', async () => {
  await passes('lost-tail', lostTail);
});

it('[REL-1] a crash at a COMMIT: ids and offsets that are given again are not taken for the lost append', async () => {
  await passes('ids-again', idsAgain);
});

it('[REL-7] Redis away: everything is delivered within twice the comparison interval', async () => {
  await passes('redis-away', (settings) => redisAway({ ...settings, awaySeconds: 4 }));
});

it('[BUS-8] the master or a cluster node of Redis dies under load: nothing is lost, and hints travel again', async () => {
  await Promise.all([
    passes('sentinel-failover', sentinelFailover),
    passes('cluster-node-dies', clusterNodeDies),
  ]);
});

it('[REL-18] services that end behind a balancer: no publisher is refused, no client cut off', async () => {
  await passes('drained', drained);
});

it('[REL-8] a killed relay: its clients come back to any relay and have missed nothing', async () => {
  await passes('relay-killed', (settings) => relayKilled({ ...settings, clients: 200 }));
});

it('[REL-9] a client that stops reading costs the relay no memory, and misses nothing', async () => {
  await passes('stopped-reader', stoppedReader);
});

it('[REL-10] messages without any hint arrive within 5 s', async () => {
  await passes('lost-hints', lostHints);
});

it('[REL-11] a relay that has heard nothing for a while goes on from a cursor that was earned on another', async () => {
  await passes('lagging-relay', laggingRelay);
});

it("[SQL-5] an application's open transaction delays nobody, and comes when it commits", async () => {
  await passes('open-transaction', (settings) => openTransaction({ ...settings, openSeconds: 3 }));
});

it('[REL-12] a full disk: publishers are told to come back, nothing is half stored', async ({ skip }) => {
  const run = (settings: ScenarioSettings) => fullDisk(settings);
  await passes('full-disk', run).catch((error: unknown) => {
    if (error instanceof NotPossibleHereError) skip(error.message);
    throw error;
  });
});

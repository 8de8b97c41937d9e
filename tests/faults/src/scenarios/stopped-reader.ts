import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

/** Each has 60,000 characters: 72 MB that nobody reads. */
const MESSAGES = 1_200;
const BATCH = 8;
/** A small heap is collected often, so that the remaining growth is memory that is really held. */
const RELAY_ENVIRONMENT = {
  NODE_OPTIONS: '--max-old-space-size=128 --max-semi-space-size=4',
  // A client that does not read does not answer pings either, and must not be dropped for that.
  HEARTBEAT_SECONDS: '30',
};
const GROWTH_BYTES_MAX = 24 * 1024 * 1024;
const SETTLE_MS = 30_000;

/**
 * A client stops reading while much is published to it. The relay must not hold it in memory, but the client must still
 * get it.
 */
export function stoppedReader(settings: ScenarioSettings): Promise<RunResult> {
  const options = {
    targets: 1,
    relays: 1,
    apis: 1,
    shape: 'large',
    relayEnvironment: RELAY_ENVIRONMENT,
  } as const;
  return withRun({ ...settings, ...options, settleMs: settings.settleMs ?? SETTLE_MS }, async (run) => {
    const [relay] = run.cluster.relays;
    const [target] = run.ledger.targets;
    if (relay === undefined || target === undefined) throw new Error('too few parts');
    const reader = run.addReader(target, { silenceMs: Infinity });
    await run.readersIdentified();
    const sender = run.createSender();
    const batch = Array.from({ length: BATCH }, () => target);
    for (let round = 0; round < 5; round += 1) await sender.sendBatch(batch); // warms everything up
    await run.settle();

    const before = residentBytes(relay.pid);
    reader.pause();
    run.noteFault('stopped @ client');
    for (let sent = 0; sent < MESSAGES; sent += BATCH) await sender.sendBatch(batch);
    await sleep(500);
    const growth = residentBytes(relay.pid) - before;
    reader.resume();

    const mebibytes = Math.round(growth / 1024 / 1024);
    run.figures['MiB by which the relay grew'] = mebibytes;
    if (growth > GROWTH_BYTES_MAX) {
      run.ledger.findings.add(
        'memory',
        `the relay grew by ${mebibytes} MiB for one client that does not read`,
      );
    }
  });
}

const BYTES_PER_KIB = 1024;

function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * BYTES_PER_KIB;
}

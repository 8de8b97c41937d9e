import { waitUntil } from '@postline/test-support';
import type { Reader } from '../load/reader.ts';
import { withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS_MAX = 500;
const SENDERS = 4;
const REQUESTS_PER_SECOND = 50;
const BACK_MS_MAX = 30_000;
const CONNECTED_MS_MAX = 60_000;

export interface RelayKilledSettings extends ScenarioSettings {
  readonly clients: number;
}

/** A relay dies with all its clients; they come back to it and to the other one, and have missed nothing. */
export function relayKilled(settings: RelayKilledSettings): Promise<RunResult> {
  const { clients } = settings;
  return withRun({ ...settings, targets: Math.min(clients, TARGETS_MAX) }, async (run) => {
    const [doomed] = run.cluster.relays;
    if (doomed === undefined) throw new Error('there is no relay');
    const urls = run.cluster.relays.map(({ port }) => `ws://127.0.0.1:${port}`); // so many need no proxy
    for (let index = 0; index < clients; index += 1) {
      const target = run.ledger.targets[index % run.ledger.targets.length];
      if (target !== undefined) run.addReader(target, {}, [urls[0] ?? '']);
    }
    const allIdentified = () => run.readers.every(({ isIdentified }) => isIdentified);
    await waitUntil('all clients are connected', allIdentified, CONNECTED_MS_MAX);
    for (const reader of run.readers) reader.relayUrls = urls;

    const crowd = run.startCrowd({ senders: SENDERS, requestsPerSecond: REQUESTS_PER_SECOND });
    const start = performance.now();
    const before = new Map(run.readers.map((reader) => [reader, reader.identifiedCount]));
    await doomed.kill();
    doomed.start();
    run.noteFault('kill -9 @ relay');
    const isBack = (reader: Reader) => reader.identifiedCount > (before.get(reader) ?? 0);
    await waitUntil('all clients are back', () => run.readers.every(isBack), 2 * BACK_MS_MAX);
    const backMs = Math.round(performance.now() - start);
    await crowd.finish();
    run.figures['clients'] = clients;
    run.figures['ms until all were back'] = backMs;
    run.require(backMs < BACK_MS_MAX, `all clients are back within ${BACK_MS_MAX} ms (${backMs})`);
  });
}

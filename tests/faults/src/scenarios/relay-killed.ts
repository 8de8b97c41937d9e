import { waitUntil } from '@postline/test-support';
import type { Reader, ReaderHabits } from '../load/reader.ts';
import { startSeparatePublisher } from '../load/separate-publisher.ts';
import { type Run, withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS_MAX = 500;
const SENDERS = 8;
const REQUESTS_PER_SECOND = 50;
/**
 * The storm of reconnects must not slow publishers: at least this share of the rate is acknowledged, whatever else the
 * machine does.
 */
const ACKED_SHARE_MIN = 0.5;
const BACK_MS_MAX = 30_000;
/** Clients connect in steps at the start, because that is not what this scenario tests. */
const ARRIVING_AT_ONCE = 250;
/**
 * Thousands of clients back off as far as real clients do. Otherwise refused connections would keep this process busy.
 */
const HABITS: ReaderHabits = { backOffMs: [1_000, 8_000], silenceMs: 30_000 };

export interface RelayKilledSettings extends ScenarioSettings {
  readonly clients: number;
}

/** A relay dies with all its clients. They reconnect to it and to the other relay, and must not miss anything. */
export function relayKilled(settings: RelayKilledSettings): Promise<RunResult> {
  const { clients } = settings;
  const options = { targets: Math.min(clients, TARGETS_MAX), withoutProxies: true };
  return withRun({ ...settings, ...options }, async (run) => {
    const [doomed] = run.cluster.relays;
    if (doomed === undefined) throw new Error('there is no relay');
    const urls = run.cluster.relayUrls;
    for (let index = 0; index < clients; index += 1) {
      const target = run.ledger.targets[index % run.ledger.targets.length];
      if (target !== undefined) run.addReader(target, HABITS, [urls[0] ?? '']);
      if ((index + 1) % ARRIVING_AT_ONCE === 0) await run.readersIdentified();
    }
    await run.readersIdentified();
    for (const reader of run.readers) reader.relayUrls = urls;

    const finishPublishing = await startPublishing(run, settings.seed);
    const start = performance.now();
    const before = new Map(run.readers.map((reader) => [reader, reader.identifiedCount]));
    await doomed.kill();
    doomed.start();
    run.noteFault('kill -9 @ relay');
    const isBack = (reader: Reader) => reader.identifiedCount > (before.get(reader) ?? 0);
    const allBack = () => run.readers.every(isBack);
    await waitUntil('all clients are back', allBack, 2 * BACK_MS_MAX).finally(finishPublishing);
    const backMs = Math.round(performance.now() - start);
    run.figures['clients'] = clients;
    run.figures['ms until all were back'] = backMs;
    run.require(backMs < BACK_MS_MAX, `all clients are back within ${BACK_MS_MAX} ms (${backMs})`);
  });
}

/** Publishes until the returned function is called, which records how much was acknowledged. */
async function startPublishing(run: Run, seed: string): Promise<() => Promise<void>> {
  const { apiUrls, keylessShare, batchShare, batchMessagesMax, retryPauseMs } = run.senderOptions();
  const targetIds = run.ledger.targets.map(({ targetId }) => targetId);
  const load = { senders: SENDERS, requestsPerSecond: REQUESTS_PER_SECOND };
  const task = {
    apiUrls,
    keylessShare,
    batchShare,
    batchMessagesMax,
    retryPauseMs,
    targetIds,
    seed,
    ...load,
  };
  const finish = await startSeparatePublisher(task, run.ledger, run.sends);
  const start = performance.now();
  return async () => {
    const seconds = (performance.now() - start) / 1_000;
    await finish();
    const perSecond = Math.round((run.ledger.ackedCount / seconds) * 10) / 10;
    run.figures['acknowledged per second meanwhile'] = perSecond;
    run.require(perSecond >= ACKED_SHARE_MIN * REQUESTS_PER_SECOND, `publishing goes on (${perSecond}/s)`);
  };
}

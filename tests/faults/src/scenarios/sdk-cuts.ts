import { setTimeout as sleep } from 'node:timers/promises';
import { type TcpProxy, waitUntil } from '@postline/test-support';
import type { SdkReader } from '../load/sdk-reader.ts';
import { type Run, withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS = 4;
/** One through each relay's link. */
const READERS_OF_A_TARGET = 2;
const SENDERS = 8;
/** Each request has 2 to 9 messages, so this is about 250 messages per second. */
const REQUESTS_PER_SECOND = 45;
const BATCH_MESSAGES_MAX = 9;
const BACK_MS = 20_000;
const SETTLE_MS = 20_000;
const STAYS_MS = [20, 120] as const;
const AWAY_MS = [50, 300] as const;
const SLOW_BYTES_PER_SECOND = 20_000;

export interface SdkCutsSettings extends ScenarioSettings {
  readonly cuts: number;
}

interface Cut {
  readonly name: string;
  /** How many of a hundred cuts are of this kind. */
  readonly share: number;
  readonly happen: (run: Run, line: TcpProxy, readers: readonly SdkReader[]) => Promise<void> | void;
}

const CUTS: readonly Cut[] = [
  { name: 'reset', share: 66, happen: (_run, line) => line.reset() },
  {
    name: 'cut for a while',
    share: 12,
    happen: async (run, line) => {
      line.cut();
      await sleep(run.random.integer(...AWAY_MS));
      line.heal();
    },
  },
  {
    name: 'slow, then reset',
    share: 10,
    happen: async (run, line) => {
      line.slow(SLOW_BYTES_PER_SECOND);
      await sleep(run.random.integer(...AWAY_MS));
      line.reset();
      line.heal();
    },
  },
  {
    // No error is reported: the library must notice by itself that its relay is silent.
    name: 'frozen',
    share: 2,
    happen: async (_run, line, readers) => {
      line.freeze('down');
      await waitUntil('the readers notice', () => !readers.some(({ isIdentified }) => isIdentified), BACK_MS);
      line.reset();
      line.heal();
    },
  },
  {
    name: 'application crashed',
    share: 10,
    happen: (run, _line, readers) => run.random.pick(readers).crash(),
  },
];

/** Applications on the client library lose their relay again and again while messages arrive. */
export function sdkCuts(settings: SdkCutsSettings): Promise<RunResult> {
  return withRun({ settleMs: SETTLE_MS, ...settings, targets: TARGETS }, async (run) => {
    const lines = run.cluster.links['client-relay'].map((line, index) => ({
      line,
      readers: run.ledger.targets.map((target) =>
        run.addSdkReader(target, run.cluster.relayUrls[index] ?? ''),
      ),
    }));
    const readers = lines.flatMap((one) => one.readers);
    run.require(readers.length === TARGETS * READERS_OF_A_TARGET, 'a reader of each target on each relay');
    const areBack = () => readers.every(({ isIdentified }) => isIdentified);
    await waitUntil('every reader is connected', areBack, BACK_MS);
    const crowd = run.startCrowd({
      senders: SENDERS,
      requestsPerSecond: REQUESTS_PER_SECOND,
      batchShare: 1,
      batchMessagesMax: BATCH_MESSAGES_MAX,
    });
    for (let cut = 0; cut < settings.cuts; cut += 1) {
      const { name, happen } = pickCut(run);
      const { line, readers: those } = run.random.pick(lines);
      await happen(run, line, those);
      run.noteFault(`${name} @ client-relay`);
      await waitUntil('every reader is back', areBack, BACK_MS);
      await sleep(run.random.integer(...STAYS_MS));
    }
    await crowd.finish();
    run.figures['forced cuts'] = settings.cuts;
    const missed = readers.reduce((sum, { missedCount }) => sum + missedCount, 0);
    run.figures['messages that came while a reader was away'] = missed;
    run.require(missed > settings.cuts, 'messages came while readers were away, several at each cut');
  });
}

function pickCut(run: Run): Cut {
  let rest = run.random.integer(
    1,
    CUTS.reduce((sum, { share }) => sum + share, 0),
  );
  for (const cut of CUTS) {
    rest -= cut.share;
    if (rest <= 0) return cut;
  }
  throw new Error('the shares of the cuts do not add up');
}

import { percentile, sort } from '../measure/statistics.ts';
import { findHead } from './catch-up-load.ts';
import type { MeasureSignals, StormJob, StormResult } from './load-job.ts';
import { type FillMessage, fillLogs, textOf } from './log-filling.ts';
import type { StreamStart } from './recipient-options.ts';
import { connectRecipient, forEachNumber } from './recipients.ts';

const HANDSHAKES_AT_ONCE_MAX = 64;
const STORM_MS_MAX = 60_000;

/** Lets every reader miss messages, reconnects all of them at once, and checks every delivery. */
export async function runStormLoad(job: StormJob, signals: MeasureSignals): Promise<StormResult> {
  const starts: StreamStart[] = [];
  await forEachNumber(job.readers, HANDSHAKES_AT_ONCE_MAX, async (reader) => {
    starts[reader] = await findHead({ system: job.system, targetId: idOf(job, reader) });
  });
  await fillLogs(job.system, missedMessages(job, starts));

  await signals.begin();
  const began = performance.now();
  const faults: string[] = [];
  const readerMs = await Promise.all(
    starts.map((start, reader) =>
      comeBack(job, reader, start).catch((error: unknown) => {
        faults.push(String(error));
        return NaN;
      }),
    ),
  );
  const milliseconds = performance.now() - began;
  await signals.end();
  const sorted = sort(readerMs);
  return {
    faults,
    milliseconds,
    readerMs: { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) },
  };
}

function idOf({ idPrefix }: StormJob, reader: number): string {
  return `${idPrefix}-${reader}`;
}

function* missedMessages(job: StormJob, starts: readonly StreamStart[]): Generator<FillMessage> {
  const { missed, messageBytes } = job;
  for (const [reader, { offset }] of starts.entries())
    for (let next = offset + 1; next <= offset + missed; next += 1)
      yield { targetId: idOf(job, reader), message: textOf(next, messageBytes) };
}

/** Resumes where the reader stopped; resolves with the time until it had all messages. */
function comeBack(job: StormJob, reader: number, start: StreamStart): Promise<number> {
  const { system, missed, messageBytes } = job;
  const clientId = idOf(job, reader);
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const last = start.offset + missed;
    let had = start.offset;
    const fail = (what: string) => reject(new Error(`${clientId}: ${what}`));
    const watch = setTimeout(() => fail(`had only ${had - start.offset} messages`), STORM_MS_MAX);
    const finishAtLast = () => {
      if (had < last) return;
      clearTimeout(watch);
      resolve(performance.now() - began);
    };
    connectRecipient({
      system,
      clientId,
      resume: start,
      onIdentified: ({ offset }) => {
        if (offset !== start.offset) fail(`continues from ${offset} in place of ${start.offset}`);
        finishAtLast();
      },
      onMessage: ({ offset, data }) => {
        had += 1;
        if (offset !== had || data !== textOf(had, messageBytes)) fail(`got ${String(offset)} for ${had}`);
        finishAtLast();
      },
      onFault: fail,
    }).catch(reject);
  });
}

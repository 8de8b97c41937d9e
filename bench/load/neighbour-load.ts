import { percentile, sort } from '../measure/statistics.ts';
import { findHead } from './catch-up-load.ts';
import type { MeasureSignals, NeighbourJob, NeighbourResult } from './load-job.ts';
import { type FillMessage, fillLogs, textOf } from './log-filling.ts';
import type { StreamStart } from './recipient-options.ts';
import { connectRecipient, forEachNumber } from './recipients.ts';
import type { WebSocketConnection } from './websocket-connection.ts';

const HANDSHAKES_AT_ONCE_MAX = 64;
const CATCH_UP_MS_MAX = 30_000;
/** The greedy client leaves each connection after this time, in the middle of its log. */
const GREEDY_CONNECTION_MS = 1_000;
/** Before the readers that are measured beside it. */
const GREEDY_HEAD_START_MS = 2_000;
const GREEDY_ID = 'greedy';
const MESSAGE_BEGIN = '{"type":"new_message"';

/** Lets readers catch up one after the other: the first half alone, the second half beside a greedy client. */
export async function runNeighbourLoad(job: NeighbourJob, signals: MeasureSignals): Promise<NeighbourResult> {
  const readers = 2 * job.readers;
  const starts: StreamStart[] = [];
  await forEachNumber(readers, HANDSHAKES_AT_ONCE_MAX, async (reader) => {
    starts[reader] = await findHead({ system: job.system, targetId: idOf(reader, job) });
  });
  const greedyHead = await findHead({ system: job.system, targetId: GREEDY_ID });
  await fillLogs(job.system, missedMessages(job, starts, greedyHead.offset));

  await signals.begin();
  const aloneMs = await catchUpInTurn(job, starts, 0);
  const greedy = startGreedyClient(job, { ...greedyHead, offset: 0 });
  await new Promise((resolve) => setTimeout(resolve, GREEDY_HEAD_START_MS));
  const besideMs = await catchUpInTurn(job, starts, job.readers);
  const { faults, connections } = greedy.stop();
  await signals.end();
  return { faults, greedyConnections: connections, aloneMs: summary(aloneMs), besideMs: summary(besideMs) };
}

function summary(milliseconds: readonly number[]): { p50: number; p99: number } {
  const sorted = sort(milliseconds);
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
}

function idOf(reader: number, { label }: NeighbourJob): string {
  return `reader-${label}-${reader}`;
}

function* missedMessages(
  job: NeighbourJob,
  starts: readonly StreamStart[],
  greedyHead: number,
): Generator<FillMessage> {
  for (const [reader, { offset }] of starts.entries())
    for (let next = offset + 1; next <= offset + job.missed; next += 1)
      yield { targetId: idOf(reader, job), message: textOf(next, job.messageBytes) };
  for (let next = greedyHead + 1; next <= job.greedyMessages; next += 1)
    yield { targetId: GREEDY_ID, message: textOf(next, job.messageBytes) };
}

async function catchUpInTurn(
  job: NeighbourJob,
  starts: readonly StreamStart[],
  first: number,
): Promise<number[]> {
  const milliseconds: number[] = [];
  for (const [index, start] of starts.slice(first, first + job.readers).entries())
    milliseconds.push(await catchUp(job, idOf(first + index, job), start));
  return milliseconds;
}

/** Resolves with the time from connecting to the last message. */
function catchUp(job: NeighbourJob, clientId: string, start: StreamStart): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const last = start.offset + job.missed;
    let had = start.offset;
    const fail = (what: string) => reject(new Error(`${clientId}: ${what}`));
    const watch = setTimeout(() => fail(`had only ${had - start.offset} messages`), CATCH_UP_MS_MAX);
    const connecting = connectRecipient({
      system: job.system,
      clientId,
      resume: start,
      onIdentified: () => undefined,
      onMessage: ({ offset, data }) => {
        had += 1;
        if (offset !== had || data !== textOf(had, job.messageBytes))
          fail(`got ${String(offset)} for ${had}`);
        if (had < last) return;
        clearTimeout(watch);
        resolve(performance.now() - began);
        void connecting.then((socket) => {
          socket.close();
        });
      },
      onFault: fail,
    });
    connecting.catch(reject);
  });
}

/** Parsing each of its messages would cost the load generator more than the readers do. */
function isMessage(frame: Buffer): boolean {
  return frame.toString('latin1', 0, MESSAGE_BEGIN.length) === MESSAGE_BEGIN;
}

/** Connects again and again at an even pace, and reads its long log from the start each time. */
function startGreedyClient(job: NeighbourJob, resume: StreamStart) {
  const faults: string[] = [];
  const open = new Set<WebSocketConnection>();
  let connections = 0;
  const connect = async () => {
    const socket = await connectRecipient({
      system: job.system,
      clientId: GREEDY_ID,
      resume,
      onIdentified: () => undefined,
      onMessage: () => undefined,
      onMessageBytes: isMessage,
      onFault: () => undefined, // its own connections may be refused or closed: it is the one that takes too much
    });
    connections += 1;
    open.add(socket);
    setTimeout(() => {
      open.delete(socket);
      socket.close();
    }, GREEDY_CONNECTION_MS);
  };
  const timer = setInterval(() => {
    connect().catch((error: unknown) => faults.push(String(error)));
  }, 1_000 / job.greedyConnectionsPerSecond);
  return {
    stop: () => {
      clearInterval(timer);
      for (const socket of open) socket.close();
      return { faults, connections };
    },
  };
}

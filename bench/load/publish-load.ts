import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../measure/statistics.ts';
import { DeliveryLedger } from './delivery-ledger.ts';
import { listenToHints } from './hint-listener.ts';
import { HttpConnection } from './http-connection.ts';
import type { MeasureSignals, Pace, PublishJob, PublishResult } from './load-job.ts';
import { connectRecipient, forEachNumber } from './recipients.ts';

const HANDSHAKES_AT_ONCE_MAX = 64;

/** What was accepted arrives within 5 s even where its hint was lost; then nothing more is to be expected. */
const SETTLE_MS_MAX = 15_000;
const SETTLE_POLL_MS = 10;

const FAST_WARM_UP_PUBLISHERS = 16;

/** The same order of recipients in every run. */
const RANDOM_SEED = 1;

/** Publishes at the job's pace, checks every delivery, and measures between warm-up and end. */
export async function runPublishLoad(job: PublishJob, signals: MeasureSignals): Promise<PublishResult> {
  const recipients = Array.from({ length: job.recipients }, (_, index) => `client-${index}`);
  const { system, messageBytes, label } = job;
  const ledger = new DeliveryLedger({ recipients, messageBytes, hasOffsets: system.hasOffsets, label });
  let closing = false;
  const sockets: { close: () => void }[] = [];
  await forEachNumber(recipients.length, HANDSHAKES_AT_ONCE_MAX, async (index) => {
    const socket = await connectRecipient({
      system,
      clientId: recipients[index] ?? '',
      onIdentified: ({ offset }) => ledger.startStream(index, offset),
      onMessage: (frame) => ledger.deliver(index, frame, performance.now()),
      onFault: (what) => {
        if (!closing) ledger.fault(what);
      },
    });
    sockets.push(socket);
  });
  const listener = job.hintsUrl === undefined ? undefined : await listenToHints(job.hintsUrl, ledger);
  if (job.pace.kind === 'open-loop') await warmUpFast(job, ledger);
  const senders = await startSending(job.pace, job, ledger);

  await sleep(job.warmUpSeconds * 1_000);
  await signals.begin();
  const start = takeCounts(ledger);
  await sleep(job.measureSeconds * 1_000);
  const end = takeCounts(ledger);
  await signals.end();

  senders.stop();
  await untilSettled(ledger);
  closing = true;
  for (const socket of sockets) socket.close();
  senders.close();
  listener?.close();

  const { arrivalMs, answerMs, sendToHintMs, hintToArrivalMs } = ledger.latencies(start.now, end.now);
  const ranks = (values: Float64Array) => ({ p50: percentile(values, 0.5), p99: percentile(values, 0.99) });
  return {
    faults: ledger.faults(),
    windowMs: end.now - start.now,
    accepted: end.accepted - start.accepted,
    delivered: end.delivered - start.delivered,
    arrivalMs: ranks(arrivalMs),
    answerMs: ranks(answerMs),
    ...(listener === undefined
      ? {}
      : { stations: { sendToHintMs: ranks(sendToHintMs), hintToArrivalMs: ranks(hintToArrivalMs) } }),
    storedOnly: ledger.storedOnly,
    lateP99Ms: percentile(senders.lateMs().sort(), 0.99),
  };
}

/**
 * A slow pace would leave the engine running code that it has not compiled yet, which is how a service is in its first
 * minute only. So some publishers in a closed loop go before it.
 */
async function warmUpFast(job: PublishJob, ledger: DeliveryLedger): Promise<void> {
  const pace: Pace = { kind: 'closed-loop', publishers: FAST_WARM_UP_PUBLISHERS };
  const senders = await startSending(pace, job, ledger);
  await sleep(job.warmUpSeconds * 1_000);
  senders.stop();
  await untilSettled(ledger);
  senders.close();
}

async function untilSettled(ledger: DeliveryLedger): Promise<void> {
  const giveUpAt = performance.now() + SETTLE_MS_MAX;
  while (!ledger.isSettled && performance.now() < giveUpAt) await sleep(SETTLE_POLL_MS);
}

function takeCounts({ accepted, delivered }: DeliveryLedger) {
  return { now: performance.now(), accepted, delivered };
}

interface Senders {
  readonly stop: () => void;
  readonly close: () => void;
  /** How much later than planned each message was sent. */
  readonly lateMs: () => Float64Array;
}

async function startSending(pace: Pace, job: PublishJob, ledger: DeliveryLedger): Promise<Senders> {
  const { system, messagesPerRequest } = job;
  const count = pace.kind === 'closed-loop' ? pace.publishers : pace.connections;
  const isBatch = messagesPerRequest > 1;
  const url = isBatch ? `${system.apiUrl}/messages/batch` : system.apiUrl;
  const connections = await Promise.all(Array.from({ length: count }, () => HttpConnection.open(url)));
  const nextRecipient = randomNumbers(ledger.recipientCount);
  const send = (connection: HttpConnection, onAnswered: () => void) => {
    const now = performance.now();
    const sent = Array.from({ length: messagesPerRequest }, () => ledger.send(nextRecipient(), now));
    const bodies = sent.map(({ body }) => body).join(',');
    connection.post(isBatch ? `{"messages":[${bodies}]}` : bodies, (status, answer) => {
      ledger.answer(
        sent.map(({ number }) => number),
        status,
        answer,
      );
      if (status !== 0) onAnswered();
    });
  };
  const close = () => {
    for (const connection of connections) connection.close();
  };
  return pace.kind === 'closed-loop'
    ? { ...sendInClosedLoop(connections, send), close }
    : { ...sendInOpenLoop({ connections, send, ledger, messagesPerSecond: pace.messagesPerSecond }), close };
}

type Send = (connection: HttpConnection, onAnswered: () => void) => void;

function sendInClosedLoop(connections: readonly HttpConnection[], send: Send): Omit<Senders, 'close'> {
  let stopped = false;
  const sendNext = (connection: HttpConnection): void => {
    if (!stopped) send(connection, () => sendNext(connection));
  };
  connections.forEach(sendNext);
  return {
    stop: () => {
      stopped = true;
    },
    lateMs: () => Float64Array.of(0),
  };
}

interface OpenLoop {
  readonly connections: readonly HttpConnection[];
  readonly send: Send;
  readonly ledger: DeliveryLedger;
  readonly messagesPerSecond: number;
}

function sendInOpenLoop({ connections, send, ledger, messagesPerSecond }: OpenLoop): Omit<Senders, 'close'> {
  const idle = [...connections];
  const lateMs: number[] = [];
  const intervalMs = 1_000 / messagesPerSecond;
  let dueAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const sendDue = () => {
    for (; dueAt <= performance.now(); dueAt += intervalMs) {
      const connection = idle.shift(); // in turn: the server closes those that say nothing for some seconds
      if (connection === undefined) {
        ledger.fault('every connection was waiting for an answer, so this is no open loop');
        continue;
      }
      lateMs.push(performance.now() - dueAt);
      send(connection, () => idle.push(connection));
    }
    timer = setTimeout(sendDue, dueAt - performance.now());
  };
  sendDue();
  return { stop: () => clearTimeout(timer), lateMs: () => Float64Array.from(lateMs) };
}

/** Even pseudo-random whole numbers below `bound`, by the mulberry32 generator. */
function randomNumbers(bound: number): () => number {
  let state = RANDOM_SEED;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) % bound;
  };
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliveryLedger } from './delivery-ledger.ts';
import { HttpConnection } from './http-connection.ts';
import type { Pace, PublishJob } from './load-job.ts';

/** What was accepted arrives within 5 s even where its hint was lost; then nothing more is to be expected. */
const SETTLE_MS_MAX = 15_000;
const SETTLE_POLL_MS = 10;

/** The same order of recipients in every run. */
const RANDOM_SEED = 1;

/** Resolves when all requests are answered and all accepted messages have arrived, or after some seconds. */
export async function untilSettled(ledger: DeliveryLedger): Promise<void> {
  const giveUpAt = performance.now() + SETTLE_MS_MAX;
  while (!ledger.isSettled && performance.now() < giveUpAt) await sleep(SETTLE_POLL_MS);
}

export interface Senders {
  readonly stop: () => void;
  readonly close: () => void;
  /** How much later than planned each message was sent. */
  readonly lateMs: () => Float64Array;
}

type SendingJob = Pick<PublishJob, 'system' | 'messagesPerRequest'>;

/** Opens the connections of a pace, and sends on them until it is stopped. */
export async function startSending(pace: Pace, job: SendingJob, ledger: DeliveryLedger): Promise<Senders> {
  const begin = await prepareSending(pace, job, ledger);
  return begin();
}

/** Opens the connections of a pace; what it resolves with begins to send on them. */
export async function prepareSending(
  pace: Pace,
  job: SendingJob,
  ledger: DeliveryLedger,
): Promise<() => Senders> {
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
  return () =>
    pace.kind === 'closed-loop'
      ? { ...sendInClosedLoop(connections, send), close }
      : {
          ...sendInOpenLoop({ connections, send, ledger, messagesPerSecond: pace.messagesPerSecond }),
          close,
        };
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

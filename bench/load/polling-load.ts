import { setTimeout as sleep } from 'node:timers/promises';
import { percentile, sort } from '../measure/statistics.ts';
import { findHead } from './catch-up-load.ts';
import { HttpConnection } from './http-connection.ts';
import type { MeasureSignals, PollingJob, PollingResult } from './load-job.ts';
import { PollingClient, type ReceivingClient, SocketClient } from './receiving-client.ts';
import { forEachNumber } from './recipients.ts';

const HANDSHAKES_AT_ONCE_MAX = 64;
const SENDER_CONNECTIONS = 16;
const SECONDS_PER_MINUTE = 60;
/** A last poll finds what was sent before it; and so long a hint that was lost may take. */
const SETTLE_MS = 6_000;

/** Sends each client a message now and then, and lets the clients ask for them, or be told. */
export async function runPollingLoad(job: PollingJob, signals: MeasureSignals): Promise<PollingResult> {
  const ids = Array.from({ length: job.clients }, (_, index) => `${job.label}-${index}`);
  const clients: ReceivingClient[] = [];
  await forEachNumber(ids.length, HANDSHAKES_AT_ONCE_MAX, async (index) => {
    clients[index] = await openClient(job, ids[index] ?? '');
  });
  const sender = await startSending(job, ids);
  const counts = () => ({
    now: performance.now(),
    requests: clients.reduce((sum, client) => sum + client.requests, 0),
    refused: clients.reduce((sum, client) => sum + client.refused, 0),
    bytes: clients.reduce((sum, client) => sum + client.bytes(), 0),
    messages: sender.accepted(),
  });

  await sleep(job.warmUpSeconds * 1_000);
  await signals.begin();
  const start = counts();
  await sleep(job.measureSeconds * 1_000);
  const end = counts();
  await signals.end();

  sender.stop();
  await sleep(SETTLE_MS + job.pollSeconds * 1_000);
  for (const client of clients) client.close();
  const received = clients.flatMap((client) => client.received);
  const faults = [...sender.faults, ...clients.flatMap((client) => client.faults)];
  if (received.length !== sender.accepted()) {
    faults.push(`${sender.accepted()} messages were accepted and ${received.length} received`);
  }
  const delays = sort(received.filter(({ sentAt }) => sentAt >= start.now).map((message) => message.delayMs));
  return {
    faults: faults.slice(0, 10),
    windowMs: end.now - start.now,
    messages: end.messages - start.messages,
    requests: end.requests - start.requests,
    refused: end.refused - start.refused,
    bytes: end.bytes - start.bytes,
    delayMs: { p50: percentile(delays, 0.5), p99: percentile(delays, 0.99) },
  };
}

async function openClient({ system, pollSeconds }: PollingJob, clientId: string): Promise<ReceivingClient> {
  if (pollSeconds === 0) return await SocketClient.open(system, clientId);
  const { offset } = await findHead({ system, targetId: clientId });
  return await PollingClient.open({ system, clientId, offset, pollSeconds });
}

interface Sender {
  readonly accepted: () => number;
  readonly faults: readonly string[];
  readonly stop: () => void;
}

/**
 * Sends to one client after the other, at an even pace; what finds no free connection waits for one, and its delay
 * counts from when it was due. Connections take turns, so that the server sees none of them idle for long.
 */
async function startSending(job: PollingJob, ids: readonly string[]): Promise<Sender> {
  const { system, messagesPerClientPerMinute, messageBytes } = job;
  const open = () => HttpConnection.open(system.apiUrl);
  const free = await Promise.all(Array.from({ length: SENDER_CONNECTIONS }, open));
  const due: string[] = [];
  const intervalMs = (SECONDS_PER_MINUTE * 1_000) / (messagesPerClientPerMinute * ids.length);
  const faults: string[] = [];
  let sent = 0;
  let accepted = 0;
  const sendNext = () => {
    const connection = free[0];
    const body = connection === undefined ? undefined : due.shift();
    if (connection === undefined || body === undefined) return;
    free.shift();
    connection.post(body, (status, answer) => {
      if (status === 201) accepted += 1;
      else faults.push(`a message was answered ${status}: ${answer.slice(0, 200)}`);
      free.push(connection);
      sendNext();
    });
  };
  const timer = setInterval(() => {
    const message = String(performance.now()).padEnd(messageBytes, ' ');
    due.push(JSON.stringify({ message, targetId: ids[sent % ids.length] }));
    sent += 1;
    sendNext();
  }, intervalMs);
  return { accepted: () => accepted, faults, stop: () => clearInterval(timer) };
}

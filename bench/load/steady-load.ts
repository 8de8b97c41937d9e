import { setTimeout as sleep } from 'node:timers/promises';
import { HttpConnection } from './http-connection.ts';
import type { MeasureSignals, SteadyJob, SteadyResult } from './load-job.ts';
import { storeMembers } from './member-filling.ts';
import { forEachNumber } from './recipients.ts';
import { SteadyClient } from './steady-client.ts';

const HANDSHAKES_AT_ONCE_MAX = 64;
const SENDER_CONNECTIONS = 256;
const FAULTS_MAX = 10;
/** What was accepted arrives within 5 s even if its hint was lost. */
const SETTLE_MS_MAX = 15_000;
const SETTLE_POLL_MS = 20;

/** Lets clients connect, and sends messages to them and to their groups at an even pace. */
export async function runSteadyLoad(job: SteadyJob, signals: MeasureSignals): Promise<SteadyResult> {
  const groups = Array.from({ length: job.groups }, (_, index) => `group:${job.label}-${index}`);
  const clientIds = Array.from({ length: job.clients }, (_, index) => `${job.label}-${index}`);
  for (const [number, group] of groups.entries())
    await storeMembers(
      job.system,
      group,
      clientIds.filter((_, index) => index % job.groups === number),
    );

  if (job.measures === 'opening') await signals.begin();
  const openingStart = performance.now();
  const clients = await openClients(job, clientIds, groups);
  const openingMs = performance.now() - openingStart;
  if (job.measures === 'opening') await signals.end();
  const sender = await startSending(job, clientIds, groups);
  const counts = () => ({
    now: performance.now(),
    messages: sender.accepted.length,
    deliveries: clients.reduce((sum, client) => sum + client.deliveries, 0),
    acks: clients.reduce((sum, client) => sum + client.acks, 0),
  });

  let start = counts();
  let end = start;
  if (job.measures === 'running') {
    await sleep(job.warmUpSeconds * 1_000);
    await signals.begin();
    start = counts();
    await sleep(job.measureSeconds * 1_000);
    end = counts();
    await signals.end();
  }

  sender.stop();
  const wanted = () => sender.accepted.reduce((sum, targetId) => sum + receiversOf(job, targetId), 0);
  const giveUpAt = performance.now() + SETTLE_MS_MAX;
  while (!(sender.isSettled() && counts().deliveries >= wanted()) && performance.now() < giveUpAt)
    await sleep(SETTLE_POLL_MS);
  const faults = [...sender.faults, ...clients.flatMap((client) => client.faults)];
  if (counts().deliveries !== wanted())
    faults.push(`${wanted()} deliveries were due, and ${counts().deliveries} arrived`);
  for (const client of clients) client.close();
  sender.close();
  return {
    faults: faults.slice(0, FAULTS_MAX),
    openingMs,
    windowMs: end.now - start.now,
    messages: end.messages - start.messages,
    deliveries: end.deliveries - start.deliveries,
    acks: end.acks - start.acks,
  };
}

async function openClients(
  { system, clients, acks, sharesOneId = false }: SteadyJob,
  clientIds: readonly string[],
  groups: readonly string[],
): Promise<SteadyClient[]> {
  const opened: SteadyClient[] = [];
  await forEachNumber(clients, HANDSHAKES_AT_ONCE_MAX, async (index) => {
    const group = groups[index % groups.length];
    opened[index] = await SteadyClient.open({
      system,
      clientId: clientIds[sharesOneId ? 0 : index] ?? '',
      groups: group === undefined ? [] : [group],
      acks,
    });
  });
  return opened;
}

/** Connections that get a message to this target. */
function receiversOf({ clients, groups }: SteadyJob, targetId: string): number {
  if (!targetId.startsWith('group:')) return 1;
  const number = Number(targetId.slice(targetId.lastIndexOf('-') + 1));
  return Math.floor(clients / groups) + (number < clients % groups ? 1 : 0);
}

interface Sender {
  /** The target of each message that was accepted. */
  readonly accepted: readonly string[];
  readonly faults: readonly string[];
  /** Every message was answered. */
  readonly isSettled: () => boolean;
  readonly stop: () => void;
  readonly close: () => void;
}

/** Sends to one client after the other, and in between to one group after the other. */
async function startSending(
  job: SteadyJob,
  clientIds: readonly string[],
  groups: readonly string[],
): Promise<Sender> {
  const perSecond = job.messagesPerSecond + job.groupMessagesPerSecond;
  const accepted: string[] = [];
  const faults: string[] = [];
  if (perSecond === 0) return { accepted, faults, isSettled: () => true, stop: nothing, close: nothing };
  const open = () => HttpConnection.open(job.system.apiUrl);
  const connections = await Promise.all(Array.from({ length: SENDER_CONNECTIONS }, open));
  const idle = [...connections];
  const due: string[] = [];
  const targets = inTurn(clientIds, groups, job.groupMessagesPerSecond / perSecond);
  let sent = 0;
  let answered = 0;
  const sendNext = (): void => {
    if (due.length === 0) return;
    const connection = idle.shift(); // in turn: the server closes those that are idle for long
    if (connection === undefined) return; // the next answer sends
    const targetId = due.shift() ?? '';
    const message = String(sent).padEnd(job.messageBytes, '.');
    sent += 1;
    connection.post(JSON.stringify({ message, targetId }), (status, answer) => {
      answered += 1;
      idle.push(connection);
      if (status === 201) accepted.push(targetId);
      else faults.push(`a message was answered ${status}: ${answer.slice(0, 200)}`);
      sendNext();
    });
  };
  let dueAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const sendDue = (): void => {
    for (; dueAt <= performance.now(); dueAt += 1_000 / perSecond) {
      due.push(targets());
      sendNext();
    }
    timer = setTimeout(sendDue, dueAt - performance.now());
  };
  sendDue();
  return {
    accepted,
    faults,
    isSettled: () => answered === sent,
    stop: () => {
      clearTimeout(timer);
      due.length = 0;
    },
    close: () => {
      for (const connection of connections) connection.close();
    },
  };
}

/** The next target: this share of groups, evenly among the clients. */
function inTurn(clientIds: readonly string[], groups: readonly string[], groupShare: number): () => string {
  let owedToGroups = 0;
  let nextGroup = 0;
  let nextClient = 0;
  return () => {
    owedToGroups += groupShare;
    if (owedToGroups >= 1) {
      owedToGroups -= 1;
      nextGroup += 1;
      return groups[nextGroup % groups.length] ?? '';
    }
    nextClient += 1;
    return clientIds[nextClient % clientIds.length] ?? '';
  };
}

function nothing(): void {
  // there is nothing to stop
}

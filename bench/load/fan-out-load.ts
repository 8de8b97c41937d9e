import { setTimeout as sleep } from 'node:timers/promises';
import { percentile, sort } from '../measure/statistics.ts';
import { FanOutLedger } from './fan-out-ledger.ts';
import { HttpConnection } from './http-connection.ts';
import type { FanOutJob, FanOutResult, MeasureSignals } from './load-job.ts';
import { memberId, memberIds, storeMembers } from './member-filling.ts';
import { forEachNumber } from './recipients.ts';
import { connectFanOutRecipient } from './fan-out-recipient.ts';
import { warmUpPublishing } from './warm-up-publishing.ts';

const HANDSHAKES_AT_ONCE_MAX = 64;
/** Accepted messages arrive within 5 s even if their hint was lost. */
const SETTLE_MS_MAX = 15_000;
const SETTLE_POLL_MS = 10;

/** Publishes to one target as fast as its connections are served, and checks every delivery. */
export async function runFanOutLoad(job: FanOutJob, signals: MeasureSignals): Promise<FanOutResult> {
  const { system, targetId, connections, areMembers = false } = job;
  const ledger = new FanOutLedger(job);
  let closing = false;
  await warmUpPublishing(system);
  if (areMembers && system.hasOffsets) await storeMembers(system, targetId, memberIds(connections));
  const sockets: { close: () => void }[] = [];
  await forEachNumber(connections, HANDSHAKES_AT_ONCE_MAX, async (index) => {
    const socket = await connectFanOutRecipient({
      system,
      ...(areMembers ? { clientId: memberId(index), groups: [targetId] } : { clientId: targetId }),
      takeFrames: (buffer, end) => ledger.takeKnown(index, buffer, end),
      onMessage: (text) => ledger.deliver(index, text),
      onFault: (what) => {
        if (!closing) ledger.fault(what);
      },
    });
    sockets.push(socket);
  });
  const sender = await startSending(job, ledger);

  await sleep(job.warmUpSeconds * 1_000);
  await signals.begin();
  const start = { now: performance.now(), complete: ledger.complete };
  await sleep(job.measureSeconds * 1_000);
  const end = { now: performance.now(), complete: ledger.complete };
  await signals.end();

  sender.stop();
  const giveUpAt = performance.now() + SETTLE_MS_MAX;
  while (!ledger.isSettled && performance.now() < giveUpAt) await sleep(SETTLE_POLL_MS);
  closing = true;
  for (const socket of sockets) socket.close();
  const lastArrivalMs = sort(ledger.lastArrivalMs(start.complete, end.complete));
  return {
    faults: ledger.faults(),
    windowMs: end.now - start.now,
    deliveries: (end.complete - start.complete) * connections,
    lastArrivalMs: { p50: percentile(lastArrivalMs, 0.5), p99: percentile(lastArrivalMs, 0.99) },
  };
}

/** Keeps `messagesUnderWay` messages on their way: the next one is sent when one has arrived everywhere. */
async function startSending(job: FanOutJob, ledger: FanOutLedger): Promise<{ readonly stop: () => void }> {
  const opening = Array.from({ length: job.messagesUnderWay }, () => HttpConnection.open(job.system.apiUrl));
  const idle = await Promise.all(opening);
  let stopped = false;
  const sendNext = (): void => {
    while (!stopped && ledger.sent - ledger.complete < job.messagesUnderWay) {
      const connection = idle.pop();
      if (connection === undefined) return; // the next answer sends
      connection.post(ledger.send(performance.now()), (status, answer) => {
        idle.push(connection);
        if (status !== 201) ledger.fault(`a message was answered ${status}: ${answer.slice(0, 200)}`);
        else sendNext();
      });
    }
  };
  ledger.onComplete = sendNext;
  sendNext();
  return {
    stop: () => {
      stopped = true;
    },
  };
}

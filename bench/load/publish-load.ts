import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../measure/statistics.ts';
import { DeliveryLedger } from './delivery-ledger.ts';
import { listenToHints } from './hint-listener.ts';
import type { MeasureSignals, Pace, PublishJob, PublishResult } from './load-job.ts';
import { connectRecipients } from './recipients.ts';
import { startSending, untilSettled } from './sending.ts';

const FAST_WARM_UP_PUBLISHERS = 16;

/** Publishes at the job's pace, checks every delivery, and measures between warm-up and end. */
export async function runPublishLoad(job: PublishJob, signals: MeasureSignals): Promise<PublishResult> {
  const recipients = Array.from({ length: job.recipients }, (_, index) => `client-${index}`);
  const { system, messageBytes, label } = job;
  const ledger = new DeliveryLedger({ recipients, messageBytes, hasOffsets: system.hasOffsets, label });
  const connected = await connectRecipients(system, recipients, ledger);
  if (job.pace.kind === 'open-loop') await warmUpFast(job, ledger);
  const senders = await startSending(job.pace, job, ledger);

  await sleep(job.warmUpSeconds * 1_000);
  await signals.begin();
  const start = takeCounts(ledger);
  await sleep(job.measureSeconds * 1_000);
  const end = takeCounts(ledger);
  await signals.end();
  const lateMs = senders.lateMs().sort();
  const listening = job.hintsUrl === undefined ? undefined : await listenForAWhile(job, job.hintsUrl, ledger);

  senders.stop();
  await untilSettled(ledger);
  connected.close();
  senders.close();
  listening?.listener.close();

  const { arrivalMs, answerMs } = ledger.latencies(start.now, end.now);
  return {
    faults: ledger.faults(),
    windowMs: end.now - start.now,
    accepted: end.accepted - start.accepted,
    delivered: end.delivered - start.delivered,
    arrivalMs: ranks(arrivalMs),
    answerMs: ranks(answerMs),
    ...(listening === undefined ? {} : { stations: stationsSince(listening.start, ledger) }),
    storedOnly: ledger.storedOnly,
    lateP99Ms: percentile(lateMs, 0.99),
  };
}

/**
 * While the pace goes on, as long again as it was measured. Not within the measured time: each hint is written to the
 * listener too, before the relay's answer to it, and no peer has such a listener.
 */
async function listenForAWhile({ measureSeconds }: PublishJob, hintsUrl: string, ledger: DeliveryLedger) {
  const listener = await listenToHints(hintsUrl, ledger);
  const start = performance.now();
  await sleep(measureSeconds * 1_000);
  return { listener, start };
}

function stationsSince(start: number, ledger: DeliveryLedger): NonNullable<PublishResult['stations']> {
  const { sendToHintMs, hintToArrivalMs } = ledger.latencies(start, Infinity);
  return { sendToHintMs: ranks(sendToHintMs), hintToArrivalMs: ranks(hintToArrivalMs) };
}

function ranks(sorted: Float64Array) {
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
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

function takeCounts({ accepted, delivered }: DeliveryLedger) {
  return { now: performance.now(), accepted, delivered };
}

import { randomUUID } from 'node:crypto';
import { explainClose, PostlineClient, PostlineError, type PublishedMessage } from '@postline/client';
import { DeadlineError, withDeadline } from '@postline/service-runtime';
import { createPublisher, publishFailure } from '../api/publishing.ts';
import type { ApiConnection } from '../connection-options.ts';
import { connectAdvice, publishAdvice } from './delivery-advice.ts';
import type { DoctorClient } from './doctor-client.ts';
import { fault, type Finding, ok, skipped } from './finding.ts';

const CHECK = 'end to end';
const CONNECTED_MS_MAX = 8_000;
const PUBLISHED_MS_MAX = 8_000;
/** Relays compare with the database every 3 seconds. This leaves time for a slow one. */
const ARRIVAL_MS_MAX = 10_000;
/** A message that a hint announced takes milliseconds. One that only a comparison finds takes seconds. */
const HINT_MS_MAX = 1_000;
/**
 * The first message can arrive at once by chance, if the relay is just comparing. The next one then waits for a whole
 * interval.
 */
const MESSAGES = 3;

export interface DeliveryToCheck {
  readonly api: ApiConnection;
  readonly relayUrl: string;
  readonly client: DoctorClient;
}

/** Publishes messages through the API to a client that is connected to the relay. */
export async function checkDelivery(delivery: DeliveryToCheck): Promise<readonly Finding[]> {
  const { relayUrl: url, client: identity } = delivery;
  const { clientId, token, mayReceive } = identity;
  const client = new PostlineClient({ url, clientId, acks: false, ...(token !== undefined && { token }) });
  client.on('error', () => undefined); // the state reports it
  try {
    await connected(client);
    if (mayReceive) return [await deliver(client, delivery)];
    const text = `the relay accepts the token of ${clientId}, who is not sent a message: POSTLINE_TOKEN is not for _doctor.…`;
    return [skipped(CHECK, text)];
  } catch (error) {
    if (!(error instanceof PostlineError)) throw error;
    return [
      fault(CHECK, `the relay does not accept the connection: ${connectFault(error)}`, connectAdvice(error)),
    ];
  } finally {
    await client.close();
  }
}

/** Rejects with the PostlineError that keeps the client from connecting. */
function connected(client: PostlineClient): Promise<void> {
  const work = new Promise<void>((resolve, reject) => {
    client.on('state', (state) => {
      if (state.state === 'live') resolve();
      else if (state.state === 'waiting' || state.state === 'closed')
        reject(state.error ?? new PostlineError('aborted'));
    });
  });
  return withDeadline(work, { what: 'connecting', milliseconds: CONNECTED_MS_MAX }).catch(
    (error: unknown) => {
      throw error instanceof DeadlineError ? new PostlineError('open_timeout') : error;
    },
  );
}

async function deliver(
  client: PostlineClient,
  { api, client: { clientId } }: DeliveryToCheck,
): Promise<Finding> {
  const publisher = createPublisher(api, PUBLISHED_MS_MAX);
  const delaysMs: number[] = [];
  for (let count = 0; count < MESSAGES; count += 1) {
    const arrival = nextArrival(client);
    let published: PublishedMessage;
    try {
      published = await publisher.publish({ targetId: clientId, message: `doctor ${randomUUID()}` });
    } catch (error) {
      const { code = '', message } = publishFailure(error, api.url);
      return fault(CHECK, `the API does not accept a message: ${code}: ${message}`, publishAdvice(error));
    }
    const answeredAtMs = performance.now();
    if (published.status === 'stored') return storedFault();
    try {
      await withDeadline(arrival, { what: 'delivery', milliseconds: ARRIVAL_MS_MAX });
    } catch {
      return lostFault();
    }
    delaysMs.push(Math.max(0, performance.now() - answeredAtMs));
  }
  const slowestMs = Math.max(...delaysMs);
  return slowestMs > HINT_MS_MAX
    ? lateFault(slowestMs)
    : ok(CHECK, `${MESSAGES} messages arrived, within ${slowestMs.toFixed(0)} ms of the answer`);
}

function nextArrival(client: PostlineClient): Promise<unknown> {
  return new Promise((resolve) => {
    client.once('message', resolve);
  });
}

function storedFault(): Finding {
  const text = 'the API stored a message, but could not notify the relays';
  return fault(CHECK, text, 'Start the Redis of the API, or correct its REDIS_URL.');
}

function lostFault(): Finding {
  const text = `the API stored a message, but the relay did not deliver it within ${ARRIVAL_MS_MAX / 1_000} s`;
  return fault(CHECK, text, 'Give the API and the relay the same DATABASE_URL.');
}

function lateFault(slowestMs: number): Finding {
  const text = `messages arrive late (${slowestMs.toFixed(0)} ms): the relay finds them in the database, no hint reaches it`;
  return fault(CHECK, text, 'Give the API and the relay the same REDIS_URL and REDIS_PREFIX.');
}

function connectFault({ closeCode, cause, message }: PostlineError): string {
  const why = typeof cause === 'string' ? `: ${cause}` : '';
  return closeCode === undefined ? message : `${explainClose(closeCode)}${why}`;
}

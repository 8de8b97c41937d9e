// Publishes one message with Node's own fetch:  node publish.mjs 1 'Hello Client 1!' [idempotency-key]
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const API_URL = process.env.POSTLINE_URL ?? 'http://localhost:8080';
const TRIES_MAX = 8;
const ANSWER_WITHIN_MS = 15_000;

/** One attempt. Status 0 means no answer: the message may be stored or not. */
async function post(message, key) {
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': key };
  if (process.env.POSTLINE_KEY) headers.Authorization = `Bearer ${process.env.POSTLINE_KEY}`;
  try {
    const response = await fetch(API_URL, {
      method: 'POST',
      headers,
      body: JSON.stringify(message),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const retryAfterSeconds = Number(response.headers.get('Retry-After')) || 0;
    return { status: response.status, body: await response.text(), retryAfterSeconds };
  } catch (error) {
    return { status: 0, body: String(error.cause ?? error), retryAfterSeconds: 0 };
  }
}

/** Repeats until a retry cannot change the answer. The key stays the same, so the message is stored once. */
async function publish(message, key) {
  for (let tries = 1; ; tries += 1) {
    const { status, body, retryAfterSeconds } = await post(message, key);
    if (status >= 200 && status < 300) return JSON.parse(body);
    const canHelp = status === 0 || status === 408 || status === 429 || status >= 500;
    if (!canHelp || tries === TRIES_MAX) throw new Error(`not published (status ${status}): ${body}`);
    const jitterSeconds = Math.random() * Math.min(10, 0.25 * 2 ** tries);
    await sleep(1_000 * (retryAfterSeconds + jitterSeconds));
  }
}

const [targetId, message, key = randomUUID()] = process.argv.slice(2);
console.log(JSON.stringify(await publish({ message, targetId }, key)));

import { setTimeout as sleep } from 'node:timers/promises';

/** A service puts its figures together once a second at most. */
const METRICS_AGE_MAX_MS = 1_000;

const askedAtMs = new Map<string, number>();

/** What `/metrics` shows now: not what it showed a moment ago, when it was asked last. */
export async function freshMetrics(serviceUrl: string): Promise<string> {
  const waitMs = (askedAtMs.get(serviceUrl) ?? -Infinity) + METRICS_AGE_MAX_MS - performance.now();
  if (waitMs > 0) await sleep(waitMs + 1);
  const text = await (await fetch(`${serviceUrl}/metrics`)).text();
  askedAtMs.set(serviceUrl, performance.now());
  return text;
}

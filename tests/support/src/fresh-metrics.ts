import { setTimeout as sleep } from 'node:timers/promises';

/** A service computes its metrics at most once a second. */
const METRICS_AGE_MAX_MS = 1_000;

const askedAtMs = new Map<string, number>();

/** The metrics of now: waits until the service computes them anew after the previous request. */
export async function freshMetrics(serviceUrl: string): Promise<string> {
  const waitMs = (askedAtMs.get(serviceUrl) ?? -Infinity) + METRICS_AGE_MAX_MS - performance.now();
  if (waitMs > 0) await sleep(waitMs + 1);
  const text = await (await fetch(`${serviceUrl}/metrics`)).text();
  askedAtMs.set(serviceUrl, performance.now());
  return text;
}

import type { HintTraffic } from './hint-traffic.ts';

/** Both bounds of the contract: works again after readiness, and `sent` for a server that reaches nobody. */
export const OUTAGE_MS_MAX = 5_000;

export interface Outage {
  /** From the readiness of the server that the address leads to, until every hint arrives. */
  readonly backAfterReadyMs: number;
  /** From the fault until every hint arrives. */
  readonly backAfterFaultMs: number;
  /** From the fault until the last hint before readiness that was called `sent` and did not arrive. */
  readonly misdirectedForMs: number;
  readonly text: string;
}

export interface OutageTimes {
  readonly traffic: HintTraffic;
  readonly struckMs: number;
  /** Hints that flow before it do not count. */
  readonly readyMs: number;
}

/** Waits until hints flow again, and measures what happened since the fault. */
export async function describeOutage({ traffic, struckMs, readyMs }: OutageTimes): Promise<Outage> {
  const backMs = await traffic.flowsAfter(readyMs);
  const misdirectedForMs = Math.max(0, (traffic.lastMisdirectedMs(struckMs, readyMs) ?? struckMs) - struckMs);
  const figures = [
    `ready ${since(struckMs, readyMs)} after the fault`,
    `last delivery ${since(struckMs, traffic.lastArrivedMs(backMs) ?? struckMs)}`,
    `first again ${since(struckMs, backMs)}`,
    `${traffic.storedCount(struckMs)} stored`,
    `sent into the void until ${Math.round(misdirectedForMs)} ms`,
  ];
  return {
    backAfterReadyMs: backMs - readyMs,
    backAfterFaultMs: backMs - struckMs,
    misdirectedForMs,
    text: figures.join(', '),
  };
}

function since(startMs: number, endMs: number): string {
  return `${Math.round(endMs - startMs)} ms`;
}

import type { SentMessage, Traffic } from './traffic.ts';

/** One failover in figures. Times are milliseconds after the fault. */
export interface Outage {
  readonly fault: string;
  /** When the server that takes over was ready. */
  readonly readyMs: number;
  /** The last delivery before, and the first after the longest time without any. */
  readonly lastBeforeMs: number;
  readonly firstAfterMs: number;
  /** From when on each message was delivered within 250 ms. */
  readonly promptMs: number;
  /** From its publishing to its delivery: the slowest message that was acknowledged. */
  readonly slowestMs: number;
  readonly acknowledged: number;
  /** Of these: answered `stored`. */
  readonly stored: number;
  /** Answers without a 2xx, or none. */
  readonly refused: number;
  readonly lost: number;
  readonly repeated: number;
  readonly outOfOrder: number;
}

export interface OutageTimes {
  readonly struckMs: number;
  readonly readyMs: number;
  readonly promptMs: number;
}

/** Measures what finished traffic has seen. */
export function measureOutage(fault: string, traffic: Traffic, times: OutageTimes): Outage {
  const { struckMs, readyMs, promptMs } = times;
  const sinceFault = (ms: number) => Math.round(ms - struckMs);
  const meanwhile = traffic.sent.filter(({ atMs }) => atMs >= struckMs);
  const acknowledged = traffic.sent.filter(({ outcome }) => outcome === 'sent' || outcome === 'stored');
  const arrivals = traffic.sent.flatMap(({ arrivedAtMs }) => arrivedAtMs).toSorted((a, b) => a - b);
  const [lastBeforeMs, firstAfterMs] = longestGap(arrivals, struckMs, promptMs);
  return {
    fault,
    readyMs: sinceFault(readyMs),
    lastBeforeMs: sinceFault(lastBeforeMs),
    firstAfterMs: sinceFault(firstAfterMs),
    promptMs: sinceFault(promptMs),
    slowestMs: Math.round(Math.max(...acknowledged.map(delayMs))),
    acknowledged: acknowledged.length,
    stored: meanwhile.filter(({ outcome }) => outcome === 'stored').length,
    refused: meanwhile.filter(({ outcome }) => outcome === 'refused').length,
    lost: acknowledged.filter(({ arrivedAtMs }) => arrivedAtMs.length === 0).length,
    repeated: traffic.sent.filter(({ arrivedAtMs }) => arrivedAtMs.length > 1).length,
    outOfOrder: traffic.offsets.filter((offset, index, all) => index > 0 && offset !== all[index - 1]! + 1)
      .length,
  };
}

/** Between the last delivery before the fault and the time from which on all is well. */
function longestGap(arrivals: readonly number[], fromMs: number, toMs: number): readonly [number, number] {
  const first = Math.max(0, arrivals.findIndex((ms) => ms >= fromMs) - 1);
  let longest: readonly [number, number] = [fromMs, fromMs];
  for (let index = first; index + 1 < arrivals.length; index += 1) {
    const [before, after] = [arrivals[index]!, arrivals[index + 1]!];
    if (before > toMs) break;
    if (after - before > longest[1] - longest[0]) longest = [before, after];
  }
  return longest;
}

function delayMs({ atMs, arrivedAtMs: [first] }: SentMessage): number {
  return first === undefined ? 0 : first - atMs;
}

/** What must be 0. */
export function hasKeptAll({ lost, repeated, outOfOrder }: Outage): boolean {
  return lost + repeated + outOfOrder === 0;
}

const COLUMNS = [
  ['fault', ({ fault }) => fault],
  ['new server ready', ({ readyMs }) => ms(readyMs)],
  ['last delivery before, first after', (outage) => `${outage.lastBeforeMs}, ${ms(outage.firstAfterMs)}`],
  ['all within 250 ms from', ({ promptMs }) => ms(promptMs)],
  ['slowest delivery', ({ slowestMs }) => ms(slowestMs)],
  ['acknowledged', ({ acknowledged }) => String(acknowledged)],
  ['`stored`', ({ stored }) => String(stored)],
  ['refused', ({ refused }) => String(refused)],
  ['lost, repeated, out of order', (outage) => `${outage.lost}, ${outage.repeated}, ${outage.outOfOrder}`],
] as const satisfies readonly (readonly [string, (outage: Outage) => string])[];

function ms(milliseconds: number): string {
  return `${milliseconds.toLocaleString('en')} ms`;
}

/** A table in Markdown; times are after the fault. */
export function describeOutages(outages: readonly Outage[]): string {
  const rows = outages.map((outage) => COLUMNS.map(([, cell]) => cell(outage)));
  const lines = [COLUMNS.map(([title]) => title), COLUMNS.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

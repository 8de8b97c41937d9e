import { meaningOf } from '../ledger/findings.ts';
import type { SendFigures } from '../load/sender.ts';

/** What one run of one scenario came to; written as JSON. */
export interface RunResult extends SendFigures {
  readonly scenario: string;
  readonly seed: string;
  readonly seconds: number;
  readonly faults: number;
  readonly faultsByKind: Readonly<Record<string, number>>;
  readonly issued: number;
  readonly acked: number;
  /** Acknowledged, and then taken back by a restored dump. */
  readonly takenBack: number;
  readonly delivered: number;
  readonly connections: number;
  readonly closesByCode: Readonly<Record<string, number>>;
  /** From the last answer to a sender until every reader had everything. */
  readonly caughtUpMs: number;
  readonly findings: Readonly<Record<string, number>>;
  readonly examples: readonly string[];
  /** What this scenario measured beside. */
  readonly figures: Readonly<Record<string, number | string>>;
  /** What this scenario had to reach and did not. */
  readonly unmet: readonly string[];
}

/** Nothing was found, and every figure was reached. */
export function hasPassed(result: RunResult): boolean {
  return Object.keys(result.findings).length === 0 && result.unmet.length === 0;
}

/** Told also where there is none: these are the promise. */
export const ALWAYS_SHOWN = ['lost', 'repeated', 'out of order', 'leaked'];

/** The result in lines for people. */
export function describeResult(result: RunResult): string[] {
  const { findings, faultsByKind, figures } = result;
  const shown = [...new Set([...ALWAYS_SHOWN, ...Object.keys(findings)])];
  const found = shown.map((finding) => `${finding} ${findings[finding] ?? 0}`).join(', ');
  const extra = Object.entries(figures).map(([name, value]) => `${name}: ${value}`);
  return [
    `scenario ${result.scenario}, seed ${result.seed}, ${result.seconds.toFixed(0)} s: ${hasPassed(result) ? 'passed' : 'FAILED'}`,
    `  faults injected ${result.faults} of ${Object.keys(faultsByKind).length} kinds`,
    `  acked ${result.acked} of ${result.issued} sent (errored attempts ${result.errored}, acked after a retry ` +
      `${result.ackedAfterRetry}, replayed ${result.replayed}, undecided ${result.undecided})`,
    `  delivered ${result.delivered} over ${result.connections} connections, all caught up after ${result.caughtUpMs} ms`,
    `  ${found}`,
    ...extra.map((line) => `  ${line}`),
    ...result.unmet.map((line) => `  not reached: ${line}`),
    ...Object.keys(findings).map((finding) => `  (${finding}: ${meaningOf(finding) ?? ''})`),
    ...result.examples.map((line) => `  ${line}`),
  ];
}

import { meaningOf } from '../ledger/findings.ts';
import type { SendFigures } from '../load/sender.ts';

/** The result of one run of one scenario, which is written as JSON. */
export interface RunResult extends SendFigures {
  readonly scenario: string;
  readonly seed: string;
  readonly seconds: number;
  readonly faults: number;
  readonly faultsByKind: Readonly<Record<string, number>>;
  readonly issued: number;
  readonly acked: number;
  /** Messages that were acknowledged and then lost through a restored dump. */
  readonly takenBack: number;
  readonly delivered: number;
  readonly connections: number;
  readonly closesByCode: Readonly<Record<string, number>>;
  /** The time from the last answer to a sender until every reader had everything. */
  readonly caughtUpMs: number;
  readonly findings: Readonly<Record<string, number>>;
  readonly examples: readonly string[];
  /** Other figures that this scenario measured. */
  readonly figures: Readonly<Record<string, number | string>>;
  /** The requirements of this scenario that were not met. */
  readonly unmet: readonly string[];
}

/** True if there are no findings and every requirement was met. */
export function hasPassed(result: RunResult): boolean {
  return Object.keys(result.findings).length === 0 && result.unmet.length === 0;
}

/** Shown even if the count is 0, because these are what Postline promises. */
export const ALWAYS_SHOWN = ['lost', 'repeated', 'out of order', 'leaked'];

/** The result as lines for people. */
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

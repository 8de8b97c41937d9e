/**
 * Sums up test runs: `print-test-totals.js reports/a.json …` reads the runners' JSON reports, and its last line is `N
 * passed, N failed, N skipped`. Exit code 1 if a report is missing or unreadable, a test failed, or none ran.
 */
import { readFileSync } from 'node:fs';

interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The parts of a report that are read. */
interface Report {
  readonly success: boolean;
  readonly testResults: readonly FileResult[];
}

interface FileResult {
  readonly name: string;
  readonly status: string;
  readonly assertionResults: readonly { readonly status: string }[];
}

const NO_TESTS: Totals = { passed: 0, failed: 0, skipped: 0 };

function isReport(value: unknown): value is Report {
  return (
    typeof value === 'object' &&
    value !== null &&
    'success' in value &&
    'testResults' in value &&
    Array.isArray(value.testResults)
  );
}

/** A file that failed without a failed test (it could not be loaded, a hook threw) counts as one. */
function countFile({ status, assertionResults }: FileResult): Totals {
  const count = (...statuses: string[]) =>
    assertionResults.filter((result) => statuses.includes(result.status)).length;
  const failed = count('failed');
  return {
    passed: count('passed'),
    failed: status === 'failed' ? Math.max(failed, 1) : failed,
    skipped: count('skipped', 'pending', 'todo', 'disabled'),
  };
}

function sum(all: readonly Totals[]): Totals {
  return all.reduce(
    (total, one) => ({
      passed: total.passed + one.passed,
      failed: total.failed + one.failed,
      skipped: total.skipped + one.skipped,
    }),
    NO_TESTS,
  );
}

interface Run {
  readonly totals: Totals;
  /** Why this run is not valid, if no failed test shows it. */
  readonly problem: string | undefined;
}

function readRun(path: string): Run {
  let report: unknown;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return { totals: NO_TESTS, problem: error instanceof Error ? error.message : String(error) };
  }
  if (!isReport(report)) return { totals: NO_TESTS, problem: 'not a test report' };
  const totals = sum(report.testResults.map(countFile));
  if (totals.passed + totals.failed === 0) return { totals, problem: 'no test ran' };
  const failedOutside = !report.success && totals.failed === 0;
  return { totals, problem: failedOutside ? 'failed outside of its tests' : undefined };
}

function line({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

const runs = process.argv.slice(2).map((path) => {
  const run = readRun(path);
  console.log(`${path}: ${line(run.totals)}${run.problem === undefined ? '' : ` (${run.problem})`}`);
  return run;
});
const totals = sum(runs.map((run) => run.totals));
const isGood = runs.length > 0 && runs.every((run) => run.problem === undefined) && totals.failed === 0;
if (!isGood) process.exitCode = 1;
console.log(line(totals));

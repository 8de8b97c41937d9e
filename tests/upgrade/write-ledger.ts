import { mkdir, writeFile } from 'node:fs/promises';
import type { RunResult } from '../faults/src/scenarios/run-result.ts';

const REPORTS_FOLDER = 'reports';

/** The figures of one rolling upgrade. */
function ledgerOf(result: RunResult) {
  const { issued, acked, delivered, findings, errored, connections, figures, seconds } = result;
  return {
    published: issued,
    acknowledged: acked,
    delivered,
    lost: findings['lost'] ?? 0,
    repeated: findings['repeated'] ?? 0,
    'out of order': findings['out of order'] ?? 0,
    'refused attempts': errored,
    'connections that broke': figures['connections that broke'] ?? 0,
    reconnects: connections - Number(figures['readers'] ?? 0),
    seconds: Math.round(seconds),
  };
}

/** Writes the whole result to reports/<scenario>.json; resolves to its figures in one line. */
export async function writeLedger(result: RunResult): Promise<string> {
  const ledger = ledgerOf(result);
  await mkdir(REPORTS_FOLDER, { recursive: true });
  const path = `${REPORTS_FOLDER}/${result.scenario}.json`;
  await writeFile(path, `${JSON.stringify({ ledger, result }, null, 2)}\n`);
  const figures = Object.entries(ledger).map(([name, value]) => `${name} ${value}`);
  return `ledger of ${result.scenario}: ${figures.join(', ')}`;
}

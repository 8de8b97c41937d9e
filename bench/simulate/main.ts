/** `npm run simulate`: what a deployment needs, by the measured cost of each piece of work; see `--help`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FigureSummary } from '../measure/figure.ts';
import { parseSimulateArguments, simulateHelp } from './arguments.ts';
import { fitUnitCosts } from './fit-unit-costs.ts';
import { formatSimulation } from './report.ts';
import { scalingTable } from './scaling-table.ts';
import { simulate } from './simulate.ts';
import { parseUnitCosts, type UnitCostFile } from './unit-costs.ts';

/** Relative to the built file. */
const COSTS_FILE = fileURLToPath(new URL('../../simulate/unit-costs.json', import.meta.url));

const parsed = parseSimulateArguments(process.argv.slice(2), process.stdout.isTTY);
switch (parsed.kind) {
  case 'help':
    console.log(simulateHelp());
    break;
  case 'refused':
    console.error(parsed.reason);
    process.exitCode = 2;
    break;
  case 'table':
    console.log(scalingTable(parseUnitCosts(readFileSync(COSTS_FILE, 'utf8')).costs));
    break;
  case 'fit':
    writeUnitCosts(parsed.resultFiles, parsed.commit);
    break;
  case 'simulate': {
    const { measured, costs } = parseUnitCosts(readFileSync(COSTS_FILE, 'utf8'));
    const simulation = simulate(parsed.deployment, costs);
    console.log(parsed.asJson ? JSON.stringify(simulation) : formatSimulation(simulation, measured));
  }
}

/** The part of a file of `bench/results` that is read here. */
interface BenchResult {
  readonly workload: string;
  readonly at: string;
  readonly machine: { readonly cpu: string; readonly cores: number };
  readonly options: {
    readonly runs: number;
    readonly warmUpSeconds: number;
    readonly measureSeconds: number;
  };
  readonly summaries: readonly SystemSummary[];
}

interface SystemSummary {
  readonly system?: string;
  readonly node?: string;
  readonly figures: readonly FigureSummary[];
}

function writeUnitCosts(resultFiles: readonly string[], commit: string): void {
  const results = resultFiles.map((file) => JSON.parse(readFileSync(file, 'utf8')) as BenchResult); // our own files
  const machines = results.map(machineOf);
  const file: UnitCostFile = {
    measured: {
      date: results[0]?.at.slice(0, 'YYYY-MM-DD'.length) ?? '',
      commit,
      command: results.map(commandOf).join('; '),
      machine: [...new Set(machines)].join('; '),
    },
    costs: fitUnitCosts(results.flatMap(figuresOf)),
  };
  writeFileSync(COSTS_FILE, `${JSON.stringify(file, undefined, 2)}\n`);
  console.log(COSTS_FILE);
}

function commandOf({ workload, options: { runs, warmUpSeconds, measureSeconds } }: BenchResult): string {
  return `npm run bench -- ${workload} --runs ${runs} --warm-up ${warmUpSeconds} --seconds ${measureSeconds}`;
}

function machineOf({ machine: { cpu, cores }, summaries }: BenchResult): string {
  return `${cores} × ${cpu}, Node ${postlineOf(summaries)?.node ?? 'unknown'}`;
}

/** On the first of its Node versions. */
function postlineOf(summaries: readonly SystemSummary[]): SystemSummary | undefined {
  return summaries.find(({ system }) => system === 'postline');
}

/** Figures of Postline with one process of each service; those of `unit-costs` have names of their own. */
function figuresOf({ workload, summaries }: BenchResult) {
  const figures = postlineOf(summaries)?.figures ?? [];
  if (workload === 'unit-costs') return figures;
  return figures.map((figure) => ({ ...figure, name: `${workload}: ${figure.name.trim()}` }));
}

import type { BenchArguments } from './arguments.ts';
import { type Figure, type FigureSummary, summarise } from './measure/figure.ts';
import { resultPath, writeResult } from './report/results-folder.ts';
import { formatTable } from './report/table.ts';
import type { CorePlan } from './system/cores.ts';
import { describeMachine, type Machine, readMachine } from './system/machine.ts';
import type { RecordedProfile } from './system/measure-load.ts';
import type { BackingServers, SystemKind } from './system/measured-system.ts';
import { startBackingServers } from './system/postline-system.ts';
import type { RunOutcome, Workload } from './workloads/workload.ts';

/** Above this, the figures may be limited by the generator instead of the system. */
const GENERATOR_BUSY_PERCENT_MAX = 85;

/** Runs one workload, prints its table and writes its file. True if every run is a result. */
export async function runWorkload(
  workload: Workload,
  cores: CorePlan,
  options: BenchArguments,
): Promise<boolean> {
  const at = new Date();
  const path = resultPath(workload.name, at);
  const servers = await startBackingServers(cores);
  try {
    const machine = await readMachine([process.pid, ...servers.pids]);
    const { runs, measureSeconds, warmUpSeconds } = options;
    console.log(`\n${workload.name}: ${workload.question}`);
    console.log(`${workload.setting}\n${cores.said}\n${describeMachine(machine)}`);
    console.log(`${runs} runs of ${measureSeconds} s after ${warmUpSeconds} s of warm-up`);

    const outcomes = await runAll(workload, { servers, cores, options, path });
    const summaries = summariseSystems(workload, outcomes);
    const file = writeResult(path, {
      ...{ workload: workload.name, question: workload.question, setting: workload.setting },
      ...{ at, machine, cores: cores.said, options, summaries, runs: outcomes },
    });
    report(outcomes, summaries, machine);
    console.log(`\n${file}`);
    return outcomes.every(isResult);
  } finally {
    await servers.stop();
  }
}

interface RunsToDo {
  readonly servers: BackingServers;
  readonly cores: CorePlan;
  readonly options: BenchArguments;
  readonly path: string;
}

/** The outcome of one run of one system. */
interface SystemOutcome extends RunOutcome {
  readonly system: SystemKind;
  readonly runNumber: number;
}

/**
 * The systems take turns, forwards and backwards, so that other load of the machine affects all of them alike, and none
 * is always measured after the same other one.
 */
async function runAll(
  workload: Workload,
  { servers, cores, options, path }: RunsToDo,
): Promise<SystemOutcome[]> {
  const { runs, measureSeconds, warmUpSeconds, onlySystem, profile } = options;
  const outcomes: SystemOutcome[] = [];
  for (let runNumber = 1; runNumber <= runs; runNumber += 1) {
    const isForwards = runNumber % 2 === 1;
    for (const kind of isForwards ? workload.systems : workload.systems.toReversed()) {
      if (onlySystem !== undefined && kind !== onlySystem) continue;
      const system = await servers.startSystem(kind, { inspectable: profile });
      const profilePath = profile ? `${path}-run${runNumber}` : undefined;
      const run = workload.run({ system, cores, runNumber, warmUpSeconds, measureSeconds, profilePath });
      outcomes.push({ system: kind, runNumber, ...(await run.catch(failedRun)) });
      await system.stop();
    }
  }
  return outcomes;
}

/** A failed run is not a result; the others may still be. */
function failedRun(error: unknown): RunOutcome {
  const fault = error instanceof Error ? error.message : String(error);
  return { figures: [], faults: [fault], profiles: [] };
}

function isResult({ faults }: RunOutcome): boolean {
  return faults.length === 0;
}

/** One table. */
interface Summary {
  readonly title: string;
  readonly figures: readonly FigureSummary[];
}

function summariseSystems(
  { systems, compared = [] }: Workload,
  outcomes: readonly SystemOutcome[],
): Summary[] {
  const results = outcomes.filter(isResult);
  const figuresOf = (kind: SystemKind) =>
    results.filter(({ system }) => system === kind).map(({ figures }) => figures);
  const [first, ...others] = systems;
  const ratios = results
    .filter(({ system }) => system === first)
    .map(({ runNumber, figures }) =>
      results
        .filter((other) => other.runNumber === runNumber && other.system !== first)
        .flatMap((other) => ratiosOf(figures, other, compared)),
    );
  return [
    ...systems.map((title) => ({ title, figures: summarise(figuresOf(title)) })),
    ...(others.length === 0 || first === undefined
      ? []
      : [{ title: `${first} as a share of the others, run by run`, figures: summarise(ratios) }]),
  ].filter(({ figures }) => figures.length > 0);
}

function ratiosOf(figures: readonly Figure[], other: SystemOutcome, compared: readonly string[]): Figure[] {
  const valueOf = (list: readonly Figure[], wanted: string) =>
    list.find(({ name }) => name === wanted)?.value ?? NaN;
  return compared.map((name) => ({
    name: `${name.trim()}, of ${other.system}'s`,
    unit: '%',
    value: (100 * valueOf(figures, name)) / valueOf(other.figures, name),
  }));
}

function report(outcomes: readonly SystemOutcome[], summaries: readonly Summary[], machine: Machine): void {
  for (const { system, runNumber, faults } of outcomes) {
    if (faults.length > 0)
      console.log(`\nrun ${runNumber} of ${system} is NO RESULT:\n  ${faults.join('\n  ')}`);
  }
  for (const { title, figures } of summaries) {
    console.log(`\n${title}\n${formatTable(figures)}`);
    const generator = figures.find(({ name }) => name === 'load generator busy');
    if (generator !== undefined && generator.median > GENERATOR_BUSY_PERCENT_MAX) {
      console.log('The load generator was near its limit: the system may be faster than this.');
    }
  }
  if (machine.busyProcesses.length > 0) console.log('Others were at work: compare within this run only.');
  for (const { profiles } of outcomes.slice(-1)) profiles.forEach(reportProfile);
}

function reportProfile({ role, file, functions, modules }: RecordedProfile): void {
  console.log(`\n${role}, shares of its busy time, without called functions (${file})`);
  for (const list of [modules, functions]) {
    for (const { place, percent } of list) console.log(`  ${percent.toFixed(1).padStart(5)} %  ${place}`);
    console.log();
  }
}

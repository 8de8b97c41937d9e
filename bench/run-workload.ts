import type { BenchArguments } from './arguments.ts';
import { type FigureSummary, summarise } from './measure/figure.ts';
import { resultPath, writeResult } from './report/results-folder.ts';
import { formatTable } from './report/table.ts';
import type { CorePlan } from './system/cores.ts';
import { describeMachine, type Machine, readMachine } from './system/machine.ts';
import type { RecordedProfile } from './system/measure-load.ts';
import { type BackingServers, startBackingServers } from './system/postline-system.ts';
import type { RunOutcome, Workload } from './workloads/workload.ts';

/** Above this the generator, not the system, may be what was measured. */
const GENERATOR_BUSY_PERCENT_MAX = 85;

/** Runs one workload as often as asked, prints its table and writes its file. True where every run is a result. */
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
    const summary = summarise(outcomes.filter(isResult).map(({ figures }) => figures));
    const file = writeResult(path, {
      ...{ workload: workload.name, question: workload.question, setting: workload.setting },
      ...{ at, machine, cores: cores.said, options, summary, runs: outcomes },
    });
    report(outcomes, summary, machine);
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

async function runAll(
  workload: Workload,
  { servers, cores, options, path }: RunsToDo,
): Promise<RunOutcome[]> {
  const { runs, measureSeconds, warmUpSeconds, profile } = options;
  const outcomes: RunOutcome[] = [];
  for (let runNumber = 1; runNumber <= runs; runNumber += 1) {
    const system = await servers.startSystem({ inspectable: profile });
    const profilePath = profile ? `${path}-run${runNumber}` : undefined;
    const run = workload.run({ system, cores, runNumber, warmUpSeconds, measureSeconds, profilePath });
    outcomes.push(await run.catch(failedRun));
    await system.stop();
  }
  return outcomes;
}

/** A run in which something broke is no result; the others may still be one. */
function failedRun(error: unknown): RunOutcome {
  const fault = error instanceof Error ? error.message : String(error);
  return { figures: [], faults: [fault], profiles: [] };
}

function isResult({ faults }: RunOutcome): boolean {
  return faults.length === 0;
}

function report(outcomes: readonly RunOutcome[], summary: readonly FigureSummary[], machine: Machine): void {
  for (const [index, { faults }] of outcomes.entries()) {
    if (faults.length > 0) console.log(`\nrun ${index + 1} is NO RESULT:\n  ${faults.join('\n  ')}`);
  }
  if (summary.length > 0) console.log(`\n${formatTable(summary)}`);
  const generator = summary.find(({ name }) => name === 'load generator busy');
  if (generator !== undefined && generator.median > GENERATOR_BUSY_PERCENT_MAX) {
    console.log('The load generator was near its limit: the system may be faster than this.');
  }
  if (machine.busyProcesses.length > 0) console.log('Others were at work: compare within this run only.');
  outcomes.at(-1)?.profiles.forEach(reportProfile);
}

function reportProfile({ role, file, functions, modules }: RecordedProfile): void {
  console.log(`\n${role}, shares of its busy time, each without what it calls (${file})`);
  for (const list of [modules, functions]) {
    for (const { place, percent } of list) console.log(`  ${percent.toFixed(1).padStart(5)} %  ${place}`);
    console.log();
  }
}

import type { NodeBinary } from '@postline/test-support';
import type { BenchArguments } from './arguments.ts';
import { resultPath, writeResult } from './report/results-folder.ts';
import {
  isResult,
  type Summary,
  summariseOutcomes,
  titleOf,
  type VariantOutcome,
} from './report/summaries.ts';
import { formatTable } from './report/table.ts';
import type { CorePlan } from './system/cores.ts';
import { describeMachine, type Machine, readMachine } from './system/machine.ts';
import type { RecordedProfile } from './system/measure-load.ts';
import type { BackingServers, SystemKind } from './system/measured-system.ts';
import { startBackingServers } from './system/postline-system.ts';
import type { RunOutcome, Workload } from './workloads/workload.ts';

/** Above this, the figures may be limited by the generator instead of the system. */
const GENERATOR_BUSY_PERCENT_MAX = 85;

/** The arguments, with the Nodes that they name. */
export interface BenchOptions extends Omit<BenchArguments, 'nodes'> {
  readonly nodes: readonly NodeBinary[];
}

/** Runs one workload, prints its table and writes its file. True if every run is a result. */
export async function runWorkload(
  workload: Workload,
  cores: CorePlan,
  options: BenchOptions,
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
    const summaries = summariseOutcomes(workload, outcomes);
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
  readonly options: BenchOptions;
  readonly path: string;
}

/**
 * The systems and Node versions take turns, forwards and backwards, so that other load of the machine affects all of them
 * alike, and none is always measured after the same other one.
 */
async function runAll(workload: Workload, toDo: RunsToDo): Promise<VariantOutcome[]> {
  const { runs, onlySystem, nodes } = toDo.options;
  const turns = nodes.flatMap((node, nodePlace) =>
    workload.systems
      .filter((system) => onlySystem === undefined || system === onlySystem)
      .map((system) => ({ system, node, nodePlace })),
  );
  const outcomes: VariantOutcome[] = [];
  for (let runNumber = 1; runNumber <= runs; runNumber += 1) {
    for (const turn of runNumber % 2 === 1 ? turns : turns.toReversed()) {
      const variant = { system: turn.system, node: turn.node.version };
      const outcome = await runOnce(workload, turn, { ...toDo, runNumber });
      outcomes.push({ ...variant, runNumber, ...outcome });
    }
  }
  return outcomes;
}

interface Turn {
  readonly system: SystemKind;
  readonly node: NodeBinary;
  /** 0 for the first `--node`. */
  readonly nodePlace: number;
}

async function runOnce(
  workload: Workload,
  { system: kind, node, nodePlace }: Turn,
  { servers, cores, options, path, runNumber }: RunsToDo & { readonly runNumber: number },
): Promise<RunOutcome> {
  const { measureSeconds, warmUpSeconds, profile, nodes } = options;
  const system = await servers.startSystem(kind, { inspectable: profile, nodePath: node.path });
  const name = titleOf({ system: kind, node: node.version }).replaceAll(/[^a-z0-9.]+/gi, '-');
  const profilePath = profile ? `${path}-${name}-run${runNumber}` : undefined;
  // The Nodes share the databases.
  const runNumberOnDatabase = (runNumber - 1) * nodes.length + nodePlace + 1;
  const lengths = { warmUpSeconds, measureSeconds };
  try {
    return await workload.run({ system, cores, runNumber: runNumberOnDatabase, ...lengths, profilePath });
  } catch (error) {
    return failedRun(error);
  } finally {
    await system.stop();
  }
}

/** A failed run is not a result; the others may still be. */
function failedRun(error: unknown): RunOutcome {
  const fault = error instanceof Error ? error.message : String(error);
  return { figures: [], faults: [fault], profiles: [] };
}

function report(outcomes: readonly VariantOutcome[], summaries: readonly Summary[], machine: Machine): void {
  for (const outcome of outcomes) {
    const { runNumber, faults } = outcome;
    if (faults.length > 0)
      console.log(`\nrun ${runNumber} of ${titleOf(outcome)} is NO RESULT:\n  ${faults.join('\n  ')}`);
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

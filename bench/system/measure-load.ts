import { readDatabaseStatus } from '@postline/test-support';
import type { LoadJob, ResultOf } from '../load/load-job.ts';
import { runLoad } from '../load/run-load.ts';
import { type SelfTime, selfTimesByFunction, selfTimesByModule } from '../measure/cpu-profile.ts';
import { placedInSources } from '../measure/profile-sources.ts';
import type { ProcessMemory } from '../measure/process-stat.ts';
import { readCpuMs, readCpuMsWithChildren, readMemory, resetPeakMemory } from '../measure/processes.ts';
import { type Recording, startProfiler } from '../measure/profiler.ts';
import { readMetrics, sumOf } from '../measure/prometheus.ts';
import type { CorePlan } from './cores.ts';
import type { MeasuredSystem, ProcessRole, SystemProcess } from './measured-system.ts';
import { isPeer } from './peer-systems.ts';

export interface MeasureLoadOptions<Job extends LoadJob> {
  readonly job: Job;
  readonly system: MeasuredSystem;
  readonly cores: CorePlan;
  /** Start of the names of profiles' files; left out where none are recorded. */
  readonly profilePath?: string | undefined;
}

/** The cost and the counters of a load's measured time. */
export interface Measurement {
  readonly elapsedMs: number;
  readonly cpuMs: ReadonlyMap<ProcessRole, number>;
  readonly generatorCpuMs: number;
  readonly memoryBefore: ReadonlyMap<ProcessRole, ProcessMemory>;
  /** Its peaks are of the measured time. */
  readonly memoryAfter: ReadonlyMap<ProcessRole, ProcessMemory>;
  /** The growth of a counter of the database: `Com_commit`. */
  readonly databaseCount: (name: string) => number;
  /** The growth of a service's metric (0 for a peer, which has none); with `label`, only of samples with that label. */
  readonly metricCount: (service: 'api-server' | 'websocket-server', name: string, label?: string) => number;
  readonly profiles: readonly RecordedProfile[];
}

export interface RecordedProfile {
  readonly role: ProcessRole;
  readonly file: string;
  readonly functions: readonly SelfTime[];
  readonly modules: readonly SelfTime[];
}

const FUNCTIONS_TOLD = 25;
const MODULES_TOLD = 15;

/** Runs a job of the generator, and samples every process when the measured time begins and ends. */
export async function measureLoad<Job extends LoadJob>(
  options: MeasureLoadOptions<Job>,
): Promise<{ readonly result: ResultOf<Job>; readonly measurement: Measurement }> {
  const { job, system, cores, profilePath } = options;
  let recordings: RunningRecording[] = [];
  let before: Sample | undefined;
  let after: Sample | undefined;
  let profiles: RecordedProfile[] = [];
  const result = await runLoad({
    job,
    cores,
    onMeasuring: async (generatorPid) => {
      for (const { pid } of system.processes) resetPeakMemory(pid);
      const counters = await readCounters(system);
      if (profilePath !== undefined) recordings = await startRecordings(system.processes);
      before = { ...takeUsage(system, generatorPid), ...counters };
    },
    onMeasured: async (generatorPid) => {
      const usage = takeUsage(system, generatorPid);
      profiles = await Promise.all(recordings.map((recording) => endRecording(recording, profilePath ?? '')));
      after = { ...usage, ...(await readCounters(system)) };
    },
  });
  if (before === undefined || after === undefined) throw new Error('the load ended without being measured');
  return { result, measurement: { ...compare(before, after), profiles } };
}

interface Usage {
  readonly now: number;
  readonly cpuMs: ReadonlyMap<ProcessRole, number>;
  readonly memory: ReadonlyMap<ProcessRole, ProcessMemory>;
  readonly generatorCpuMs: number;
}

interface Counters {
  readonly database: ReadonlyMap<string, number>;
  readonly 'api-server': ReadonlyMap<string, number>;
  readonly 'websocket-server': ReadonlyMap<string, number>;
}

type Sample = Usage & Counters;

function takeUsage({ processes }: MeasuredSystem, generatorPid: number): Usage {
  return {
    now: performance.now(),
    cpuMs: new Map(processes.map(({ role, pid }) => [role, readCpuMsWithChildren(pid)])),
    generatorCpuMs: readCpuMs(generatorPid),
    memory: new Map(processes.map(({ role, pid }) => [role, readMemory(pid)])),
  };
}

async function readCounters(system: MeasuredSystem): Promise<Counters> {
  const { kind, apiUrl, relayUrl, databaseServerUrl } = system;
  const [database, api, relay] = await Promise.all([
    readDatabaseStatus(databaseServerUrl),
    isPeer(kind) ? new Map<string, number>() : readMetrics(apiUrl),
    isPeer(kind) ? new Map<string, number>() : readMetrics(relayUrl),
  ]);
  return { database, 'api-server': api, 'websocket-server': relay };
}

function compare(before: Sample, after: Sample): Omit<Measurement, 'profiles'> {
  const cpuOf = (role: ProcessRole) => (after.cpuMs.get(role) ?? NaN) - (before.cpuMs.get(role) ?? NaN);
  return {
    elapsedMs: after.now - before.now,
    cpuMs: new Map([...after.cpuMs.keys()].map((role) => [role, cpuOf(role)])),
    generatorCpuMs: after.generatorCpuMs - before.generatorCpuMs,
    memoryBefore: before.memory,
    memoryAfter: after.memory,
    databaseCount: (name) => (after.database.get(name) ?? NaN) - (before.database.get(name) ?? NaN),
    metricCount: (service, name, label) =>
      sumOf(after[service], name, label) - sumOf(before[service], name, label),
  };
}

interface RunningRecording {
  readonly role: ProcessRole;
  readonly recording: Recording;
}

function startRecordings(processes: readonly SystemProcess[]): Promise<RunningRecording[]> {
  const inspectable = processes.flatMap(({ role, inspectorPort }) =>
    inspectorPort === undefined ? [] : [{ role, inspectorPort }],
  );
  return Promise.all(
    inspectable.map(async ({ role, inspectorPort }) => ({
      role,
      recording: await startProfiler(inspectorPort),
    })),
  );
}

async function endRecording(
  { role, recording }: RunningRecording,
  profilePath: string,
): Promise<RecordedProfile> {
  const file = `${profilePath}-${role}.cpuprofile`;
  const profile = placedInSources(await recording.stop(file));
  return {
    role,
    file,
    functions: selfTimesByFunction(profile, FUNCTIONS_TOLD),
    modules: selfTimesByModule(profile, MODULES_TOLD),
  };
}

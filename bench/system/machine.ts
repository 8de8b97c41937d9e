import { cpus, loadavg, release, totalmem } from 'node:os';
import { type BusyProcess, findBusyProcesses } from '../measure/processes.ts';

/** The machine, and its other load during a measurement. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  /** The Node of the bench and its load generator. */
  readonly node: string;
  /** Over the last 1, 5 and 15 minutes. */
  readonly loadAverage: readonly number[];
  /** Other busy processes, sampled while ours were idle. */
  readonly busyProcesses: readonly BusyProcess[];
}

const BYTES_PER_GIB = 1024 ** 3;

export async function readMachine(ownPids: readonly number[]): Promise<Machine> {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / BYTES_PER_GIB),
    kernel: release(),
    node: process.version,
    loadAverage: loadavg(),
    busyProcesses: await findBusyProcesses(ownPids),
  };
}

/** The machine in two lines. */
export function describeMachine({ cpu, cores, memoryGib, kernel, node, ...now }: Machine): string {
  const load = now.loadAverage.map((value) => value.toFixed(2)).join(' ');
  const others = now.busyProcesses.map(({ name, corePercent }) => `${name} ${Math.round(corePercent)} %`);
  const beside =
    others.length === 0
      ? 'no other process at work'
      : `other processes at work, so figures are rough: ${others.join(', ')}`;
  return `${cores} × ${cpu}, ${memoryGib} GiB, Linux ${kernel}, load generator on Node ${node}\nload average ${load}; ${beside}`;
}

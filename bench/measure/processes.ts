import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  parseProcessStat,
  parseProcessStatus,
  type ProcessMemory,
  type ProcessStat,
} from './process-stat.ts';

/** Milliseconds of CPU that a process has used since it started, all threads together. Throws where it has ended. */
export function readCpuMs(pid: number): number {
  return readStat(pid).cpuMs;
}

/** The same of a process and its children: a service with workers. */
export function readCpuMsWithChildren(pid: number): number {
  let cpuMs = readCpuMs(pid);
  for (const stat of readAllStats().values()) if (stat.parentPid === pid) cpuMs += stat.cpuMs;
  return cpuMs;
}

export function readMemory(pid: number): ProcessMemory {
  return parseProcessStatus(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** From now on the peak of this process's memory counts anew. */
export function resetPeakMemory(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5'); // 5 is the kernel's word for it
}

/** A process of somebody else that used a core while nobody here did anything. */
export interface BusyProcess {
  readonly pid: number;
  readonly name: string;
  /** Of one core, in percent. */
  readonly corePercent: number;
}

const WATCHED_MS = 1_000;
const BUSY_PERCENT_MIN = 5;
const NAMED_MAX = 8;

/** Watches the machine for a second: who else works on it, the busiest first. */
export async function findBusyProcesses(ownPids: readonly number[]): Promise<BusyProcess[]> {
  const before = readAllStats();
  const start = performance.now();
  await sleep(WATCHED_MS);
  const elapsedMs = performance.now() - start;
  const busy: BusyProcess[] = [];
  for (const [pid, { name, cpuMs }] of readAllStats()) {
    const corePercent = (100 * (cpuMs - (before.get(pid)?.cpuMs ?? 0))) / elapsedMs;
    if (corePercent >= BUSY_PERCENT_MIN && !ownPids.includes(pid)) busy.push({ pid, name, corePercent });
  }
  return busy.sort((a, b) => b.corePercent - a.corePercent).slice(0, NAMED_MAX);
}

function readAllStats(): Map<number, ProcessStat> {
  const stats = new Map<number, ProcessStat>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      stats.set(Number(name), readStat(Number(name)));
    } catch {
      continue; // it ended in between
    }
  }
  return stats;
}

function readStat(pid: number): ProcessStat {
  return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

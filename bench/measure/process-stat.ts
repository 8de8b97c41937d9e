/** What of `/proc/<pid>/stat` is used here. */
export interface ProcessStat {
  readonly name: string;
  readonly parentPid: number;
  /** User and system time of all its threads, those that have ended included. */
  readonly cpuMs: number;
}

/** The kernel shows times to programs in hundredths of a second, whatever it counts in itself. */
const TICK_MS = 10;

/** Fields after the name, which is the second one: `man 5 proc` counts from 1, and `state` is the third. */
const PARENT_PID = 4 - 3;
const USER_TICKS = 14 - 3;
const SYSTEM_TICKS = 15 - 3;

/** Reads the text of `/proc/<pid>/stat`. The name may hold blanks and brackets, so what counts is the last bracket. */
export function parseProcessStat(text: string): ProcessStat {
  const nameEnd = text.lastIndexOf(')');
  const fields = text.slice(nameEnd + 2).split(' ');
  const number = (index: number) => Number(fields[index] ?? NaN);
  return {
    name: text.slice(text.indexOf('(') + 1, nameEnd),
    parentPid: number(PARENT_PID),
    cpuMs: (number(USER_TICKS) + number(SYSTEM_TICKS)) * TICK_MS,
  };
}

/** Resident memory as `/proc/<pid>/status` tells it. */
export interface ProcessMemory {
  readonly residentMib: number;
  /** The most it has been, since the start or since the peak was reset. */
  readonly peakResidentMib: number;
}

const KIB_PER_MIB = 1024;

/** Reads the text of `/proc/<pid>/status`; NaN for what it doesn't tell. */
export function parseProcessStatus(text: string): ProcessMemory {
  const mib = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? NaN) / KIB_PER_MIB;
  return { residentMib: mib('VmRSS'), peakResidentMib: mib('VmHWM') };
}

/** Reads a list of cores as the kernel writes it: `0-2,5` is 0, 1, 2 and 5. */
export function parseCoreList(text: string): number[] {
  return [...text.matchAll(/(\d+)(?:-(\d+))?/g)].flatMap(([, from, to = from]) => {
    const first = Number(from);
    return Array.from({ length: Number(to) - first + 1 }, (_, step) => first + step);
  });
}

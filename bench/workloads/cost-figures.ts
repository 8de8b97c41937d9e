import type { Figure } from '../measure/figure.ts';
import type { Measurement } from '../system/measure-load.ts';

const PER_1000 = 'ms CPU per 1,000';

/** The cost of `messages` messages in each process, in total and for each 1,000. */
export function costFigures({ cpuMs, generatorCpuMs, elapsedMs }: Measurement, messages: number): Figure[] {
  const per1000 = (milliseconds: number) => (1_000 * milliseconds) / messages;
  const sum = [...cpuMs.values()].reduce((total, milliseconds) => total + milliseconds, 0);
  return [
    { name: 'all servers', unit: PER_1000, value: per1000(sum) },
    ...[...cpuMs].map(([role, milliseconds]) => ({
      name: `  ${role}`,
      unit: PER_1000,
      value: per1000(milliseconds),
    })),
    { name: 'servers busy', unit: '% of a core', value: (100 * sum) / elapsedMs },
    { name: 'load generator', unit: PER_1000, value: per1000(generatorCpuMs) },
    { name: 'load generator busy', unit: '% of a core', value: (100 * generatorCpuMs) / elapsedMs },
  ];
}

/** Resident memory at the end of the measured time. */
export function memoryFigures({ memoryAfter }: Measurement): Figure[] {
  return [...memoryAfter].map(([role, { residentMib }]) => ({
    name: `${role} resident`,
    unit: 'MiB',
    value: residentMib,
  }));
}

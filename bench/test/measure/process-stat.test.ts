import { describe, expect, it } from 'vitest';
import { parseCoreList, parseProcessStat, parseProcessStatus } from '../../measure/process-stat.ts';

/** A line of a real `/proc/<pid>/stat` with 250 ticks in user and 50 in system mode, under the given name. */
const statOf = (name: string) =>
  `4711 (${name}) S 12 4711 4700 34816 4711 4194304 9000 0 3 0 250 50 0 0 20 0 11 0 360000 1054000000 12000`;

describe('parseProcessStat', () => {
  it('adds user and system time, in milliseconds', () => {
    expect(parseProcessStat(statOf('mariadbd'))).toEqual({ name: 'mariadbd', parentPid: 12, cpuMs: 3_000 });
  });

  it.each(['tmux: server', 'a) R 99 (b', 'node (v 20)'])(
    'is not led astray by a process named "%s"',
    (name) => {
      expect(parseProcessStat(statOf(name))).toEqual({ name, parentPid: 12, cpuMs: 3_000 });
    },
  );
});

describe('parseProcessStatus', () => {
  it('reads resident memory and its peak in MiB', () => {
    const text = 'Name:\tnode\nVmPeak:\t 900000 kB\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\nThreads:\t11\n';
    expect(parseProcessStatus(text)).toEqual({ residentMib: 100, peakResidentMib: 200 });
  });

  it('gives no number for a kernel thread, which has no memory', () => {
    expect(parseProcessStatus('Name:\tkswapd0\n').residentMib).toBeNaN();
  });
});

describe('parseCoreList', () => {
  it.each([
    ['0-1', [0, 1]],
    ['3', [3]],
    ['0-2,5,7-8\n', [0, 1, 2, 5, 7, 8]],
    ['', []],
  ])('reads %j', (text, cores) => {
    expect(parseCoreList(text)).toEqual(cores);
  });
});

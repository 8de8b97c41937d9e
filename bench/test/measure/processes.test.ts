import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { waitUntil } from '@postline/test-support';
import { expect, it } from 'vitest';
import { findBusyProcesses, readCpuMs, readCpuMsWithChildren, readMemory } from '../../measure/processes.ts';

const BUSY_MS = 200;

function work(milliseconds: number): void {
  const end = process.cpuUsage().user + milliseconds * 1_000;
  while (process.cpuUsage().user < end) Math.random();
}

it('reads what this process itself has used', () => {
  const before = readCpuMs(process.pid);
  work(BUSY_MS);
  const used = readCpuMs(process.pid) - before;
  expect(used).toBeGreaterThanOrEqual(BUSY_MS - 20); // the kernel counts in steps of 10 ms
  expect(readMemory(process.pid).residentMib).toBeGreaterThan(10);
});

it('counts the children of a process, as workers are', async () => {
  const program = `${work.toString()}; work(${BUSY_MS}); console.log('done'); process.stdin.resume();`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  expect(readCpuMsWithChildren(child.pid ?? NaN)).toBeGreaterThanOrEqual(BUSY_MS - 20);
  const alone = readCpuMs(process.pid);
  expect(readCpuMsWithChildren(process.pid) - alone).toBeGreaterThanOrEqual(BUSY_MS - 20);
  child.stdin.end();
  await once(child, 'exit');
});

/** Only a bound for a failure. */
const SEEN_MS_MAX = 15_000;

it('names who is busy, but never those who are our own', async () => {
  const timer = setInterval(() => work(20), 25);
  const isThis = ({ pid }: { pid: number }) => pid === process.pid;
  // A busy machine may give this process next to nothing for a second; then the next second counts.
  const seen = await waitUntil(
    'this process is busy, or eight others are busier',
    async () => {
      const busy = await findBusyProcesses([]);
      return (busy.length >= 8 || busy.some(isThis)) && busy;
    },
    SEEN_MS_MAX,
  );
  const withoutUs = await findBusyProcesses([process.pid]);
  clearInterval(timer);
  expect(withoutUs.some(isThis)).toBe(false);
  expect(seen.every(({ corePercent }) => corePercent >= 5)).toBe(true);
});

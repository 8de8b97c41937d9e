import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { findProgram } from '@postline/test-support';
import { parseCoreList } from '../measure/process-stat.ts';

/** How processes are pinned to cores. */
interface Pinning {
  /** Path of the program for that. */
  readonly taskset: string;
  /** The core of all servers: API, relay, database, Redis. */
  readonly servers: number;
  /** The load generator's. */
  readonly load: number;
}

export interface CorePlan {
  /** Left out if nothing can be pinned. */
  readonly pinning?: Pinning;
  /** Description of the plan, for the report. */
  readonly said: string;
}

/** Servers on the first core that this process may use, the load generator on the second. */
export function planCores(): CorePlan {
  const allowed = /^Cpus_allowed_list:\s+(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  const [servers, load] = parseCoreList(allowed);
  if (servers === undefined || load === undefined)
    return { said: 'nothing is pinned: there is one core only' };
  const taskset = findTaskset();
  if (taskset === undefined) return { said: 'nothing is pinned: taskset is not installed' };
  const said = `servers on core ${servers}, load generator on core ${load}`;
  return { pinning: { taskset, servers, load }, said };
}

function findTaskset(): string | undefined {
  try {
    return findProgram('taskset');
  } catch {
    return undefined;
  }
}

/** Moves this process to one of the plan's cores, together with all processes that it starts later. */
export function moveThisProcess({ pinning }: CorePlan, to: 'servers' | 'load'): void {
  if (pinning === undefined) return;
  const args = ['-acp', String(pinning[to]), String(process.pid)];
  execFileSync(pinning.taskset, args, { stdio: 'ignore' });
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster/cluster.ts';
import { kindName, type Mend } from './fault-kind.ts';
import type { PlannedFault } from './fault-plan.ts';

/** How often each kind occurred, and what could not be injected. */
export interface InjectedFaults {
  readonly countByKind: Map<string, number>;
  readonly notInjected: string[];
  readonly notMended: string[];
}

/** Executes a plan. Resolves when the last fault is repaired. */
export async function runPlan(
  cluster: Cluster,
  plan: readonly PlannedFault[],
  onFault: (line: string) => void = () => undefined,
): Promise<InjectedFaults> {
  const injected: InjectedFaults = { countByKind: new Map(), notInjected: [], notMended: [] };
  const start = performance.now();
  // A place is never broken twice at the same time, even if breaking or repairing it takes longer than planned.
  const busyUntil = new Map<string, Promise<void>>();
  const all = plan.map(async (fault) => {
    await sleep(Math.max(0, start + fault.atMs - performance.now()));
    const { place } = fault.kind;
    const before = busyUntil.get(place) ?? Promise.resolve();
    const own = before.then(() => strike(cluster, fault, injected, onFault));
    busyUntil.set(place, own);
    await own;
  });
  await Promise.all(all);
  return injected;
}

async function strike(
  cluster: Cluster,
  { kind, instance, lastsMs }: PlannedFault,
  injected: InjectedFaults,
  onFault: (line: string) => void,
): Promise<void> {
  const name = kindName(kind);
  let mend: Mend;
  try {
    mend = await kind.inject(cluster, instance);
  } catch (error) {
    injected.notInjected.push(`${name}: ${String(error)}`);
    return;
  }
  injected.countByKind.set(name, (injected.countByKind.get(name) ?? 0) + 1);
  onFault(`${name} ${instance + 1} for ${lastsMs} ms`);
  await sleep(lastsMs);
  try {
    await mend();
  } catch (error) {
    injected.notMended.push(`${name}: ${String(error)}`);
  }
}

import { type Deployment, ofOneInstallation } from './deployment.ts';
import { cpuUse, fullestPart, type PartName, partsOf } from './parts.ts';
import { ratesOf } from './rates.ts';
import type { UnitCosts } from './unit-costs.ts';

/** A part that is fuller than this has no room for a peak, or for the load of a process that died. */
const FULL_PERCENT = 70;
/** Up to here a database is taken to use its cores evenly; beyond it nothing was measured. */
export const DATABASE_CORES_MAX = 16;
const INSTALLATIONS_MAX = 100_000;
const ROUNDS_MAX = 1_000;

/** Parts that more processes do not relieve. */
const UNRELIEVED: ReadonlySet<PartName> = new Set(['Redis, CPU of each node', 'Redis, network of each node']);

/** Replaces the zeros of `installations`, `apis`, `relays` and `databaseCores` by what carries the load. */
export function sizeDeployment(deployment: Deployment, costs: UnitCosts): Deployment {
  if (deployment.installations > 0) return sized(deployment, costs);
  for (let installations = 1; installations < INSTALLATIONS_MAX; installations += 1) {
    const candidate = sized({ ...deployment, installations }, costs);
    if (isCarried(ofOneInstallation(candidate), costs)) return candidate;
  }
  throw new RangeError(`not even ${INSTALLATIONS_MAX} installations carry this`);
}

function isCarried(one: Deployment, costs: UnitCosts): boolean {
  const unrelieved = partsOf(one, costs).filter(({ name }) => UNRELIEVED.has(name));
  return (
    one.databaseCores <= DATABASE_CORES_MAX && unrelieved.every(({ percent }) => percent <= FULL_PERCENT)
  );
}

function sized(deployment: Deployment, costs: UnitCosts): Deployment {
  const { apis, relays, databaseCores } = deployment;
  let next = { ...deployment, apis: apis || 1, relays: relays || 1, databaseCores: databaseCores || 1 };
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const one = ofOneInstallation(next);
    const needed = cpuUse(one, ratesOf(one, costs, 'under-pressure'), costs).database;
    const wanted = {
      ...next,
      apis: apis || wantedCount(next.apis, one, 'API', costs),
      relays: relays || wantedCount(next.relays, one, 'relay', costs),
      databaseCores: databaseCores || Math.max(1, Math.ceil((100 * needed) / FULL_PERCENT)),
    };
    if (isSame(wanted, next)) return next;
    next = wanted;
  }
  return next;
}

/** Never fewer than before, so that the rounds come to an end. */
function wantedCount(count: number, one: Deployment, name: 'API' | 'relay', costs: UnitCosts): number {
  const parts = partsOf(one, costs).filter((part) => part.name.startsWith(`${name}, `));
  return Math.max(count, Math.ceil((count * fullestPart(parts).percent) / FULL_PERCENT));
}

function isSame(a: Deployment, b: Deployment): boolean {
  return a.apis === b.apis && a.relays === b.relays && a.databaseCores === b.databaseCores;
}

import type { Random } from '../random.ts';
import { type FaultKind, kindName } from './fault-kind.ts';

/** One fault that will happen. */
export interface PlannedFault {
  readonly kind: FaultKind;
  readonly instance: number;
  /** Milliseconds from the start of the run. */
  readonly atMs: number;
  readonly lastsMs: number;
}

export interface FaultPlanOptions {
  readonly kinds: readonly FaultKind[];
  readonly random: Random;
  /** As many as this, or as fit into the time, whichever is given. */
  readonly faults?: number;
  readonly milliseconds?: number;
  /** Between the beginnings of two faults, drawn from these. */
  readonly everyMs: readonly [from: number, to: number];
}

/** Two faults at most at one time: more would only make the same outage longer. */
const AT_ONCE_MAX = 2;

/**
 * What happens when, decided before anything starts: the same seed gives the same plan. Every kind comes once before
 * any comes twice, in random order; faults overlap, but never at the same place.
 */
export function planFaults(options: FaultPlanOptions): PlannedFault[] {
  const { kinds, random, faults = Infinity, milliseconds = Infinity, everyMs } = options;
  const plan: PlannedFault[] = [];
  let deck: FaultKind[] = [];
  let atMs = random.integer(...everyMs);
  while (plan.length < faults) {
    if (deck.length === 0) deck = random.shuffled(kinds);
    const kind = deck.shift();
    if (kind === undefined) break;
    const lastsMs = random.integer(...kind.lastsMs);
    atMs = startWithRoom(plan, kind, atMs);
    if (atMs + lastsMs > milliseconds) break;
    plan.push({ kind, instance: random.integer(0, kind.instances - 1), atMs, lastsMs });
    atMs += random.integer(...everyMs);
  }
  return plan;
}

/** The first moment from `atMs` on at which the place is whole and few enough faults last. */
function startWithRoom(plan: readonly PlannedFault[], kind: FaultKind, atMs: number): number {
  let start = atMs;
  for (;;) {
    const lasting = plan.filter((fault) => fault.atMs + fault.lastsMs > start);
    const isInTheWay = lasting.some(({ kind: other }) => other.place === kind.place);
    if (!isInTheWay && lasting.length < AT_ONCE_MAX) return start;
    start = Math.min(...lasting.map((fault) => fault.atMs + fault.lastsMs));
  }
}

/** A plan in lines, `  1234 ms  kill -9 @ relay 1  for 800 ms`. */
export function describePlan(plan: readonly PlannedFault[]): string[] {
  return plan.map(({ kind, instance, atMs, lastsMs }) => {
    return `${String(atMs).padStart(8)} ms  ${kindName(kind)} ${instance + 1}  for ${lastsMs} ms`;
  });
}

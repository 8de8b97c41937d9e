import type { Random } from '../random.ts';
import { type FaultKind, kindName } from './fault-kind.ts';

/** One fault of the plan. */
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
  /** The plan has this many faults, or as many as fit into the time, depending on which is given. */
  readonly faults?: number;
  readonly milliseconds?: number;
  /** The time between the starts of two faults, drawn from this range. */
  readonly everyMs: readonly [from: number, to: number];
}

/** At most two faults at a time. More would only prolong the same outage. */
const AT_ONCE_MAX = 2;

/**
 * Plans all faults before anything starts: the same seed gives the same plan. Every kind occurs once before any occurs
 * twice, in random order. Faults overlap, but never at the same place.
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

/** The first moment from `atMs` on at which nothing is broken at this place and few enough other faults last. */
function startWithRoom(plan: readonly PlannedFault[], kind: FaultKind, atMs: number): number {
  let start = atMs;
  for (;;) {
    const lasting = plan.filter((fault) => fault.atMs + fault.lastsMs > start);
    const isInTheWay = lasting.some(({ kind: other }) => other.place === kind.place);
    if (!isInTheWay && lasting.length < AT_ONCE_MAX) return start;
    start = Math.min(...lasting.map((fault) => fault.atMs + fault.lastsMs));
  }
}

/** The plan as lines, like `  1234 ms  kill -9 @ relay 1  for 800 ms`. */
export function describePlan(plan: readonly PlannedFault[]): string[] {
  return plan.map(({ kind, instance, atMs, lastsMs }) => {
    return `${String(atMs).padStart(8)} ms  ${kindName(kind)} ${instance + 1}  for ${lastsMs} ms`;
  });
}

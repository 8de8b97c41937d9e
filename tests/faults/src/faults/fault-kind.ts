import type { Cluster } from '../cluster/cluster.ts';

/** Where a fault occurs: in a process, or on a link between two. */
type Place =
  | 'API'
  | 'relay'
  | 'Redis'
  | 'MySQL'
  | 'sender-API'
  | 'API-MySQL'
  | 'API-Redis'
  | 'relay-MySQL'
  | 'relay-Redis'
  | 'client-relay'
  | 'a counter';

/** A way to break something at one place, and to repair it. */
export interface FaultKind {
  /** For example `kill -9`. */
  readonly fault: string;
  readonly place: Place;
  /** How long it lasts, drawn from this range of milliseconds. */
  readonly lastsMs: readonly [from: number, to: number];
  /** How many instances the place has. The fault affects one of them. */
  readonly instances: number;
  /** Breaks one instance. Resolves with the function that repairs it, which limits its own time. */
  readonly inject: (cluster: Cluster, instance: number) => Promise<Mend> | Mend;
}

export type Mend = () => Promise<void> | void;

/** The name under which the fault is counted, for example `kill -9 @ relay`. */
export function kindName({ fault, place }: Pick<FaultKind, 'fault' | 'place'>): string {
  return `${fault} @ ${place}`;
}

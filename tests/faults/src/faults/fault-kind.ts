import type { Cluster } from '../cluster/cluster.ts';

/** Where a fault strikes: a process, or a line between two. */
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

/** A way to break something at one place, and to mend it. */
export interface FaultKind {
  /** `kill -9` */
  readonly fault: string;
  readonly place: Place;
  /** How long it lasts, drawn from these milliseconds. */
  readonly lastsMs: readonly [from: number, to: number];
  /** How many there are of the place: the fault strikes one of them. */
  readonly instances: number;
  /** Breaks one instance; resolves with what mends it. Mending is bounded in time by itself. */
  readonly inject: (cluster: Cluster, instance: number) => Promise<Mend> | Mend;
}

export type Mend = () => Promise<void> | void;

/** `kill -9 of relay`, the name under which it is counted. */
export function kindName({ fault, place }: Pick<FaultKind, 'fault' | 'place'>): string {
  return `${fault} @ ${place}`;
}

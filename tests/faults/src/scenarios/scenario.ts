import type { BackingServers } from '../cluster/cluster.ts';

/** What every scenario is given. */
export interface ScenarioSettings {
  readonly scenario: string;
  readonly seed: string;
  /** Where the built services are: a copy, see `copyBuild`. */
  readonly buildFolder: string;
  readonly servers: BackingServers;
  /** Within this everything that was acknowledged must have come, where the scenario says nothing else. */
  readonly settleMs?: number;
  readonly print: (line: string) => void;
}

/** This machine lets nobody do what the scenario needs. */
export class NotPossibleHereError extends Error {
  readonly code = 'not_possible_here';

  constructor(what: string) {
    super(`not possible on this machine: ${what}`);
    this.name = 'NotPossibleHereError';
  }
}

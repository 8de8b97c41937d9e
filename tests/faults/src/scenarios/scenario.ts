import type { BackingServers } from '../cluster/cluster.ts';

/** The settings of every scenario. */
export interface ScenarioSettings {
  readonly scenario: string;
  readonly seed: string;
  /** The folder of the built services: a copy, see `copyBuild`. */
  readonly buildFolder: string;
  readonly servers: BackingServers;
  /** Everything that was acknowledged must arrive within this time, unless the scenario sets another one. */
  readonly settleMs?: number;
  readonly print: (line: string) => void;
}

/** This machine does not permit what the scenario needs. */
export class NotPossibleHereError extends Error {
  readonly code = 'not_possible_here';

  constructor(what: string) {
    super(`not possible on this machine: ${what}`);
    this.name = 'NotPossibleHereError';
  }
}

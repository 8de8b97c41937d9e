import type { BackingServers } from '../cluster/cluster.ts';

/** What every scenario is given. */
export interface ScenarioSettings {
  readonly scenario: string;
  readonly seed: string;
  /** Where the built services are: a copy, see `copyBuild`. */
  readonly buildFolder: string;
  readonly servers: BackingServers;
  readonly print: (line: string) => void;
}

import type { Figure } from '../measure/figure.ts';
import type { CorePlan } from '../system/cores.ts';
import type { RecordedProfile } from '../system/measure-load.ts';
import type { MeasuredSystem, SystemKind } from '../system/measured-system.ts';

/** What one run of a workload works with. */
export interface RunConditions {
  /** Its services are new; its database is that of the earlier runs. */
  readonly system: MeasuredSystem;
  readonly cores: CorePlan;
  /** 1 for the first. */
  readonly runNumber: number;
  readonly warmUpSeconds: number;
  readonly measureSeconds: number;
  /** Start of the names of profiles' files; left out where none are recorded. */
  readonly profilePath: string | undefined;
}

/** What one run gave. With a single fault it is no result: a fast way to lose a message is not fast. */
export interface RunOutcome {
  readonly figures: readonly Figure[];
  readonly faults: readonly string[];
  readonly profiles: readonly RecordedProfile[];
}

/** One question about the system's speed. */
export interface Workload {
  /** As it is named on the command line. */
  readonly name: string;
  readonly question: string;
  /** Sizes and paces, in a line. */
  readonly setting: string;
  /** Measured in turn within each run; the first is held against the others. */
  readonly systems: readonly SystemKind[];
  /** Names of the figures that tell who is better; their ratios are from one run each. */
  readonly compared?: readonly string[];
  /** Takes so long that it is measured only where it is named. */
  readonly onlyWhenNamed?: boolean;
  readonly run: (conditions: RunConditions) => Promise<RunOutcome>;
}

import type { Figure } from '../measure/figure.ts';
import type { CorePlan } from '../system/cores.ts';
import type { RecordedProfile } from '../system/measure-load.ts';
import type { MeasuredSystem, SystemKind } from '../system/measured-system.ts';

/** The conditions of one run of a workload. */
export interface RunConditions {
  /** Its services are new; its database is that of the earlier runs. */
  readonly system: MeasuredSystem;
  readonly cores: CorePlan;
  /** 1 for the first; no two runs on the same database have the same. */
  readonly runNumber: number;
  readonly warmUpSeconds: number;
  readonly measureSeconds: number;
  /** The beginning of the names of profile files; left out if none are recorded. */
  readonly profilePath: string | undefined;
}

/** The outcome of one run. With a single fault it is not a result: a fast way to lose a message is not fast. */
export interface RunOutcome {
  readonly figures: readonly Figure[];
  readonly faults: readonly string[];
  readonly profiles: readonly RecordedProfile[];
}

/** One question about the system's speed. */
export interface Workload {
  /** Its name on the command line. */
  readonly name: string;
  readonly question: string;
  /** Sizes and paces, in a line. */
  readonly setting: string;
  /** Measured in turn within each run; the first is compared with the others. */
  readonly systems: readonly SystemKind[];
  /** Names of the figures to compare; their ratios are from one run each. */
  readonly compared?: readonly string[];
  /** Takes so long that it runs only if it is named. */
  readonly onlyWhenNamed?: boolean;
  readonly run: (conditions: RunConditions) => Promise<RunOutcome>;
}

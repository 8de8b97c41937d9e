import { type Figure, type FigureSummary, summarise } from '../measure/figure.ts';
import type { SystemKind } from '../system/measured-system.ts';
import type { RunOutcome, Workload } from '../workloads/workload.ts';

/** A system on one Node version: systems and versions take turns. */
export interface Variant {
  readonly system: SystemKind;
  /** `v26.1.0` */
  readonly node: string;
}

/** The outcome of one run of one variant. */
export interface VariantOutcome extends RunOutcome, Variant {
  /** 1 for the first; variants are compared within a run. */
  readonly runNumber: number;
}

/** One table. */
export interface Summary extends Partial<Variant> {
  readonly title: string;
  readonly figures: readonly FigureSummary[];
}

/** `postline, Node v26.1.0` */
export function titleOf({ system, node }: Variant): string {
  return `${system}, Node ${node}`;
}

export function isResult({ faults }: RunOutcome): boolean {
  return faults.length === 0;
}

/**
 * A table for each variant; then, for the workload's first system on each Node version, its figures as shares of the
 * others' in the same run: of other systems on the same version, and of itself on other versions.
 */
export function summariseOutcomes(
  { systems, compared = [] }: Pick<Workload, 'systems' | 'compared'>,
  outcomes: readonly VariantOutcome[],
): Summary[] {
  const results = outcomes.filter(isResult);
  const variants = [...new Map(outcomes.map((outcome) => [titleOf(outcome), outcome])).values()];
  const shares = variants
    .filter(({ system }) => system === systems[0])
    .map((variant) => ({
      title: `${titleOf(variant)} as a share of the others, run by run`,
      figures: summarise(sharesOf(variant, results, compared)),
    }));
  const tables = variants.map((variant) => ({
    title: titleOf(variant),
    system: variant.system,
    node: variant.node,
    figures: summarise(results.filter((result) => isOf(variant, result)).map(({ figures }) => figures)),
  }));
  return [...tables, ...shares].filter(({ figures }) => figures.length > 0);
}

function isOf(variant: Variant, { system, node }: Variant): boolean {
  return system === variant.system && node === variant.node;
}

/** For each run of the variant, a share of each comparable one's figure. */
function sharesOf(
  variant: Variant,
  results: readonly VariantOutcome[],
  compared: readonly string[],
): Figure[][] {
  return results
    .filter((result) => isOf(variant, result))
    .map(({ runNumber, figures }) =>
      results
        .filter((other) => other.runNumber === runNumber && !isOf(variant, other))
        .filter(({ system, node }) => system === variant.system || node === variant.node)
        .flatMap((other) => {
          const name = other.node === variant.node ? other.system : `Node ${other.node}`;
          return ratiosOf(figures, { name, figures: other.figures }, compared);
        }),
    );
}

interface Compared {
  readonly name: string;
  readonly figures: readonly Figure[];
}

function ratiosOf(figures: readonly Figure[], other: Compared, compared: readonly string[]): Figure[] {
  const valueOf = (list: readonly Figure[], wanted: string) =>
    list.find(({ name }) => name === wanted)?.value ?? NaN;
  return compared.map((name) => ({
    name: `${name.trim()}, of ${other.name}'s`,
    unit: '%',
    value: (100 * valueOf(figures, name)) / valueOf(other.figures, name),
  }));
}

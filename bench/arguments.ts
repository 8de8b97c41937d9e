import { parseArgs } from 'node:util';

/** What `npm run bench -- …` was asked for. */
export interface BenchArguments {
  /** In this order. */
  readonly workloads: readonly string[];
  readonly measureSeconds: number;
  readonly warmUpSeconds: number;
  readonly runs: number;
  /** Record a CPU profile of each service while it is measured. */
  readonly profile: boolean;
}

export type ParsedArguments =
  | { readonly kind: 'run'; readonly arguments: BenchArguments }
  | { readonly kind: 'help' }
  /** Something was said that nobody here understands; `reason` names it. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Long enough that a second of a neighbour's work shifts a figure by a few percent only. */
const MEASURE_SECONDS_DEFAULT = 8;
const MEASURE_SECONDS_QUICK = 3;
const MEASURE_SECONDS_MAX = 3_600;

/** The services' code is compiled by the engine within the first seconds of load. */
const WARM_UP_SECONDS_DEFAULT = 4;
const WARM_UP_SECONDS_QUICK = 2;

/** Three runs have a median, and a range that shows how far to trust it. */
const RUNS_DEFAULT = 3;
const RUNS_MAX = 100;

const OPTIONS = {
  quick: { type: 'boolean', default: false },
  profile: { type: 'boolean', default: false },
  seconds: { type: 'string' },
  runs: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** What of a workload counts here. */
export interface NamedWorkload {
  readonly name: string;
  readonly onlyWhenNamed?: boolean;
}

/** Reads the words after `npm run bench --`. */
export function parseArguments(
  words: readonly string[],
  workloads: readonly NamedWorkload[],
): ParsedArguments {
  const workloadNames = workloads.map(({ name }) => name);
  const namesByDefault = workloads
    .filter(({ onlyWhenNamed }) => onlyWhenNamed !== true)
    .map(({ name }) => name);
  const known = [...workloadNames, ...Object.keys(OPTIONS).map((name) => `--${name}`)].join(', ');
  const read = readWords(words);
  if (typeof read === 'string') return refused(`${read}; known are: ${known}`);
  const { values, positionals } = read;
  if (values.help) return { kind: 'help' };

  const chosen = [...new Set(positionals.map((word) => word.toLowerCase()))];
  const unknown = chosen.find((word) => !workloadNames.includes(word));
  if (unknown !== undefined) return refused(`"${unknown}" is no workload; known are: ${known}`);
  const seconds = wholeNumber(values.seconds, MEASURE_SECONDS_MAX);
  if (seconds === 'wrong') return refused(`--seconds takes a whole number from 1 to ${MEASURE_SECONDS_MAX}`);
  const runs = wholeNumber(values.runs, RUNS_MAX);
  if (runs === 'wrong') return refused(`--runs takes a whole number from 1 to ${RUNS_MAX}`);

  const { quick, profile } = values;
  return {
    kind: 'run',
    arguments: {
      workloads: chosen.length > 0 ? chosen : namesByDefault,
      measureSeconds: seconds ?? (quick ? MEASURE_SECONDS_QUICK : MEASURE_SECONDS_DEFAULT),
      warmUpSeconds: quick ? WARM_UP_SECONDS_QUICK : WARM_UP_SECONDS_DEFAULT,
      runs: runs ?? RUNS_DEFAULT,
      profile,
    },
  };
}

/** The words as options and names of workloads, or what is wrong with them. */
function readWords(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function refused(reason: string): ParsedArguments {
  return { kind: 'refused', reason };
}

function wholeNumber(word: string | undefined, max: number): number | 'wrong' | undefined {
  if (word === undefined) return undefined;
  const isOne = /^\d{1,9}$/.test(word) && Number(word) >= 1 && Number(word) <= max;
  return isOne ? Number(word) : 'wrong';
}

/** What `--help` prints. */
export function helpText(workloads: readonly (NamedWorkload & { readonly question: string })[]): string {
  const width = Math.max(...workloads.map(({ name }) => name.length));
  return [
    'npm run bench -- [workload …] [--quick] [--seconds N] [--runs N] [--profile]',
    '',
    'Workloads (all but those with a * where none is named; they take minutes to prepare):',
    ...workloads.map(
      ({ name, question, onlyWhenNamed }) =>
        `${onlyWhenNamed === true ? '*' : ' '} ${name.padEnd(width)}  ${question}`,
    ),
    '',
    `  --quick      ${MEASURE_SECONDS_QUICK} s in each run in place of ${MEASURE_SECONDS_DEFAULT}`,
    '  --seconds N  so many seconds in each run',
    `  --runs N     so many runs in place of ${RUNS_DEFAULT}`,
    '  --profile    a CPU profile of each service in bench/results/; it costs a few percent of the speed',
    '',
    'Each workload prints a table and writes bench/results/<time>-<workload>.json.',
  ].join('\n');
}

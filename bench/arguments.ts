import { isAbsolute } from 'node:path';
import { parseArgs } from 'node:util';

/** The arguments of `npm run bench -- …`. */
export interface BenchArguments {
  /** In this order. */
  readonly workloads: readonly string[];
  readonly measureSeconds: number;
  readonly warmUpSeconds: number;
  readonly runs: number;
  /** Leave out all other systems; undefined where all of a workload's take turns. */
  readonly onlySystem: string | undefined;
  /** Record a CPU profile of each service while it is measured. */
  readonly profile: boolean;
  /** What the measured services run on: major versions of Node, or absolute paths. Empty: the Node of the bench. */
  readonly nodes: readonly string[];
}

export type ParsedArguments =
  | { readonly kind: 'run'; readonly arguments: BenchArguments }
  | { readonly kind: 'help' }
  /** An argument is not valid; `reason` names it. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Long enough that a second of another process's work changes a figure by a few percent only. */
const MEASURE_SECONDS_DEFAULT = 8;
const MEASURE_SECONDS_QUICK = 3;
const MEASURE_SECONDS_MAX = 3_600;

/** Time until the engine has compiled the services' code: in production they run for weeks. */
const WARM_UP_SECONDS_DEFAULT = 10;
const WARM_UP_SECONDS_QUICK = 2;

/** Three runs have a median, and a range that shows how reliable it is. */
const RUNS_DEFAULT = 3;
const RUNS_MAX = 100;

/** Each takes as long as the whole workload on one. */
const NODES_MAX = 4;

const OPTIONS = {
  quick: { type: 'boolean', default: false },
  profile: { type: 'boolean', default: false },
  seconds: { type: 'string' },
  'warm-up': { type: 'string' },
  only: { type: 'string' },
  node: { type: 'string', multiple: true },
  runs: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** The parts of a workload that the arguments need. */
export interface NamedWorkload {
  readonly name: string;
  readonly onlyWhenNamed?: boolean;
  readonly systems: readonly string[];
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
  const { quick, profile, only } = values;
  const systems = [...new Set(workloads.flatMap((workload) => workload.systems))];
  if (only !== undefined && !systems.includes(only)) {
    return refused(`"${only}" is no system; known are: ${systems.join(', ')}`);
  }
  const nodes = [...new Set(values.node)];
  if (nodes.length > NODES_MAX) return refused(`--node may be given ${NODES_MAX} times`);
  const notNode = nodes.find((word) => !/^\d+$/.test(word) && !isAbsolute(word));
  if (notNode !== undefined)
    return refused(`--node takes a major version of Node or the absolute path of one, not "${notNode}"`);
  const numbers = readNumbers(values, quick ? QUICK : NOT_QUICK);
  if (typeof numbers === 'string') return refused(numbers);

  return {
    kind: 'run',
    arguments: {
      workloads: chosen.length > 0 ? chosen : namesByDefault,
      measureSeconds: numbers.seconds,
      warmUpSeconds: numbers['warm-up'],
      runs: numbers.runs,
      onlySystem: only,
      profile,
      nodes,
    },
  };
}

const NUMBERS_MAX = { seconds: MEASURE_SECONDS_MAX, 'warm-up': MEASURE_SECONDS_MAX, runs: RUNS_MAX } as const;
type NumberOption = keyof typeof NUMBERS_MAX;

type Numbers = Record<NumberOption, number>;
const NOT_QUICK: Numbers = {
  seconds: MEASURE_SECONDS_DEFAULT,
  'warm-up': WARM_UP_SECONDS_DEFAULT,
  runs: RUNS_DEFAULT,
};
const QUICK: Numbers = { ...NOT_QUICK, seconds: MEASURE_SECONDS_QUICK, 'warm-up': WARM_UP_SECONDS_QUICK };

/** The numeric options, or an error about one. */
function readNumbers(
  values: Readonly<Partial<Record<NumberOption, string>>>,
  defaults: Numbers,
): Numbers | string {
  const numbers = { ...defaults };
  for (const name of ['seconds', 'warm-up', 'runs'] as const) {
    const word = values[name];
    if (word === undefined) continue;
    const isOne = /^\d{1,9}$/.test(word) && Number(word) >= 1 && Number(word) <= NUMBERS_MAX[name];
    if (!isOne) return `--${name} takes a whole number from 1 to ${NUMBERS_MAX[name]}`;
    numbers[name] = Number(word);
  }
  return numbers;
}

/** The words as options and names of workloads, or an error. */
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

/** What `--help` prints. */
export function helpText(workloads: readonly (NamedWorkload & { readonly question: string })[]): string {
  const width = Math.max(...workloads.map(({ name }) => name.length));
  return [
    'npm run bench -- [workload …] [--quick] [--seconds N] [--warm-up N] [--runs N] [--only NAME] [--node NODE …] [--profile]',
    '',
    'Workloads (all but those with a * where none is named; they take minutes to prepare):',
    ...workloads.map(
      ({ name, question, onlyWhenNamed }) =>
        `${onlyWhenNamed === true ? '*' : ' '} ${name.padEnd(width)}  ${question}`,
    ),
    '',
    `  --quick      ${MEASURE_SECONDS_QUICK} s in each run in place of ${MEASURE_SECONDS_DEFAULT}`,
    '  --seconds N  seconds in each run',
    `  --warm-up N  seconds before it, in place of ${WARM_UP_SECONDS_DEFAULT} (${WARM_UP_SECONDS_QUICK} with --quick)`,
    `  --runs N     runs, in place of ${RUNS_DEFAULT}`,
    '  --only NAME  only this one of the systems that are compared: postline, "bare parts", …',
    '  --node NODE  run the measured services on this Node: a major version (20, 22, 24, 26), which npm gets, or an absolute',
    '               path; given several times, they are measured in turn. The load generator stays on the Node of the bench',
    '  --profile    a CPU profile of each service in bench/results/; it costs a few percent of the speed',
    '',
    'Each workload prints a table and writes bench/results/<time>-<workload>.json.',
  ].join('\n');
}

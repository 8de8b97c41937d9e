import { parseArgs } from 'node:util';
import type { Pace } from '../load/load-job.ts';

/** What both builds are given to do. */
export interface BesideLoad {
  readonly pace: Pace;
  readonly messagesPerRequest: number;
}

/** The arguments of `npm run bench:beside -- …`. */
export interface BesideArguments {
  /** The root folder of the other build, or the bare parts. */
  readonly other: string;
  readonly load: BesideLoad;
  readonly pairs: number;
  readonly sliceMs: number;
  readonly warmUpSeconds: number;
  /** What the services run on, as in `npm run bench`; undefined: the Node of the bench. */
  readonly node: string | undefined;
}

export const BARE_PARTS = 'bare parts';

/** The loads of the workloads of the same names. */
const LOADS: Readonly<Record<string, BesideLoad>> = {
  w1: { pace: { kind: 'closed-loop', publishers: 64 }, messagesPerRequest: 1 },
  w4: { pace: { kind: 'open-loop', messagesPerSecond: 200, connections: 128 }, messagesPerRequest: 1 },
  batch: { pace: { kind: 'closed-loop', publishers: 32 }, messagesPerRequest: 100 },
};

const DEFAULTS = { pairs: 40, 'slice-ms': 1_500, 'warm-up': 20 } as const;
const NUMBER_MAX = 100_000;

const OPTIONS = {
  pairs: { type: 'string' },
  'slice-ms': { type: 'string' },
  'warm-up': { type: 'string' },
  node: { type: 'string' },
} as const;

export const BESIDE_USAGE = `npm run bench:beside -- FOLDER [${Object.keys(LOADS).join(' | ')}] [--pairs N] [--slice-ms N] [--warm-up SECONDS] [--node NODE]
FOLDER is the root of another build of this project, or "${BARE_PARTS}"`;

/** Reads the words after `npm run bench:beside --`. Throws, with a message for the user, if they are not valid. */
export function parseBesideArguments(words: readonly string[]): BesideArguments {
  const { values, positionals } = parseArgs({
    args: [...words],
    options: OPTIONS,
    allowPositionals: true,
    strict: true,
  });
  const [other, name = 'w1', ...more] = positionals;
  if (other === undefined || more.length > 0) throw new Error('one folder and at most one load are needed');
  const load = LOADS[name];
  if (load === undefined) throw new Error(`"${name}" is no load`);
  const number = (option: keyof typeof DEFAULTS) => {
    const word = values[option];
    if (word === undefined) return DEFAULTS[option];
    if (!/^[1-9]\d{0,5}$/.test(word) || Number(word) > NUMBER_MAX)
      throw new Error(`--${option} takes a whole number from 1 to ${NUMBER_MAX}`);
    return Number(word);
  };
  return {
    other,
    load,
    pairs: number('pairs'),
    sliceMs: number('slice-ms'),
    warmUpSeconds: number('warm-up'),
    node: values.node,
  };
}

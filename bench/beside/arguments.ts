import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isPeer, type PeerKind, PEERS } from '../system/peer-systems.ts';
import { BATCH_LOAD } from '../workloads/batch-publish.ts';
import { LIGHT_LOAD } from '../workloads/light-load.ts';
import type { PublishingLoad } from '../workloads/measure-publishing.ts';
import { TARGETED_LOAD } from '../workloads/targeted-publish.ts';

/** A system that this build is compared with. */
type OtherSystem =
  | { readonly name: string; readonly kind: PeerKind }
  /** Another build, and its root folder. */
  | { readonly name: string; readonly kind: 'postline'; readonly root: string };

/** The arguments of `npm run bench:beside -- …`. */
export interface BesideArguments {
  readonly others: readonly OtherSystem[];
  readonly load: PublishingLoad;
  /** In each, every system has one slice: with one other, a pair. */
  readonly rounds: number;
  readonly sliceMs: number;
  readonly warmUpSeconds: number;
  /** What the services run on, as in `npm run bench`; undefined: the Node of the bench. */
  readonly node: string | undefined;
}

export const THIS_BUILD = 'this build';

/** The loads of the workloads of the same names. */
const LOADS: ReadonlyMap<string, PublishingLoad> = new Map([
  ['w1', TARGETED_LOAD],
  ['w4', LIGHT_LOAD],
  ['batch', BATCH_LOAD],
]);

/** All are up at once, on one core: with more, a round takes so long that the machine changes within it. */
const OTHERS_MAX = 4;

const DEFAULTS = { pairs: 40, 'slice-ms': 1_500, 'warm-up': 20 } as const;
const NUMBER_MAX = 100_000;

const OPTIONS = {
  pairs: { type: 'string' },
  'slice-ms': { type: 'string' },
  'warm-up': { type: 'string' },
  node: { type: 'string' },
} as const;

export const BESIDE_USAGE = `npm run bench:beside -- OTHER… [${[...LOADS.keys()].join(' | ')}] [--pairs N] [--slice-ms N] [--warm-up SECONDS] [--node NODE]
OTHER is the root folder of another build of this project, or one of ${PEERS.map((name) => `"${name}"`).join(', ')}; up to ${OTHERS_MAX} of them
--pairs is the number of rounds: in each, every system has one slice`;

/** Reads the words after `npm run bench:beside --`. Throws, with a message for the user, if they are not valid. */
export function parseBesideArguments(words: readonly string[]): BesideArguments {
  const { values, positionals } = parseArgs({
    args: [...words],
    options: OPTIONS,
    allowPositionals: true,
    strict: true,
  });
  const number = (option: keyof typeof DEFAULTS) => {
    const word = values[option];
    if (word === undefined) return DEFAULTS[option];
    if (!/^[1-9]\d{0,5}$/.test(word) || Number(word) > NUMBER_MAX)
      throw new Error(`--${option} takes a whole number from 1 to ${NUMBER_MAX}`);
    return Number(word);
  };
  return {
    ...parseSystemsAndLoad(positionals),
    rounds: number('pairs'),
    sliceMs: number('slice-ms'),
    warmUpSeconds: number('warm-up'),
    node: values.node,
  };
}

function parseSystemsAndLoad(words: readonly string[]): Pick<BesideArguments, 'others' | 'load'> {
  const loads = words.filter((word) => LOADS.has(word));
  if (loads.length > 1) throw new Error('at most one load is taken');
  const load = LOADS.get(loads[0] ?? '') ?? TARGETED_LOAD;
  const others = words.filter((word) => !LOADS.has(word)).map(parseOther);
  if (others.length === 0 || others.length > OTHERS_MAX)
    throw new Error(`one to ${OTHERS_MAX} other systems are needed`);
  const names = [THIS_BUILD, ...others.map(({ name }) => name)];
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) throw new Error(`two systems have the name "${twice}"`);
  const peer = others.find(({ kind }) => isPeer(kind));
  if (load.messagesPerRequest > 1 && peer !== undefined) throw new Error(`"${peer.name}" takes no batches`);
  return { others, load };
}

function parseOther(word: string): OtherSystem {
  if (isPeer(word)) return { name: word, kind: word };
  const root = resolve(word);
  if (!existsSync(join(root, 'api-server/dist/main.js')))
    throw new Error(`"${word}" is no load, no peer and no root folder of a build`);
  return { name: basename(root), kind: 'postline', root };
}

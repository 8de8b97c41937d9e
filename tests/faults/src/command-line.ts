import { parseArgs } from 'node:util';

export interface CommandLine {
  readonly scenario: string;
  readonly seed: string;
  /** The number of runs. Each uses the next seed. */
  readonly seeds: number;
  readonly minutes: number | undefined;
  readonly faults: number | undefined;
  readonly messages: number | undefined;
  readonly clients: number | undefined;
  readonly list: boolean;
}

const OPTIONS = {
  scenario: { type: 'string', default: 'mixed-faults' },
  seed: { type: 'string' },
  seeds: { type: 'string', default: '1' },
  minutes: { type: 'string' },
  faults: { type: 'string' },
  messages: { type: 'string' },
  clients: { type: 'string' },
  list: { type: 'boolean', default: false },
} as const;

/** If no seed is given, it is drawn from this many. */
const RANDOM_SEEDS = 1_000_000;

/** The arguments are wrong; the message says why. */
export class CommandLineError extends Error {}

/** Reads the arguments; throws a CommandLineError. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const values = readOptions(args);
  return {
    scenario: values.scenario,
    seed: values.seed ?? String(Math.floor(Math.random() * RANDOM_SEEDS)),
    seeds: positive('seeds', values.seeds) ?? 1,
    minutes: positive('minutes', values.minutes),
    faults: positive('faults', values.faults),
    messages: positive('messages', values.messages),
    clients: positive('clients', values.clients),
    list: values.list,
  };
}

function readOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new CommandLineError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0)) throw new CommandLineError(`--${name} must be a number above 0`);
  return value;
}

/** `7`, `8`, `9` for `--seed 7 --seeds 3`. A seed that is not a number gets a suffix. */
export function seedsOf({ seed, seeds }: Pick<CommandLine, 'seed' | 'seeds'>): string[] {
  const first = Number(seed);
  return Array.from({ length: seeds }, (_, index) =>
    Number.isSafeInteger(first) ? String(first + index) : index === 0 ? seed : `${seed}-${index + 1}`,
  );
}

import { parseArgs } from 'node:util';
import { type Deployment, SETTINGS } from './deployment.ts';

export type SimulateArguments =
  | { readonly kind: 'simulate'; readonly deployment: Deployment; readonly asJson: boolean }
  /** Fit the unit costs to results of `npm run bench -- unit-costs group workers`. */
  | { readonly kind: 'fit'; readonly resultFiles: readonly string[]; readonly commit: string }
  /** Print the table of `docs/scaling.md`. */
  | { readonly kind: 'table' }
  | { readonly kind: 'help' }
  | { readonly kind: 'refused'; readonly reason: string };

type SettingName = keyof Deployment;
const NAMES = Object.keys(SETTINGS) as SettingName[];

/** `messagesPerSecond` is `--messages-per-second`. */
function optionOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const OPTIONS = {
  ...Object.fromEntries(NAMES.map((name) => [optionOf(name), { type: 'string' as const }])),
  json: { type: 'boolean', default: false },
  table: { type: 'boolean', default: false },
  fit: { type: 'boolean', default: false },
  commit: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Reads the words after `npm run simulate --`. The result is JSON in a pipe, or with `--json`. */
export function parseSimulateArguments(words: readonly string[], isTerminal: boolean): SimulateArguments {
  const read = readWords(words);
  if (typeof read === 'string') return { kind: 'refused', reason: read };
  const { values, positionals: resultFiles } = read;
  if (values['help'] === true) return { kind: 'help' };
  if (values['table'] === true) return { kind: 'table' };
  const { fit, commit } = values;
  if (fit === true) {
    if (typeof commit === 'string' && resultFiles.length > 0) return { kind: 'fit', resultFiles, commit };
    return {
      kind: 'refused',
      reason: '--fit needs result files, and --commit of the services measured there',
    };
  }
  if (resultFiles.length > 0) return { kind: 'refused', reason: `"${resultFiles.join(' ')}" is no option` };
  const deployment = readDeployment(values);
  if (typeof deployment === 'string') return { kind: 'refused', reason: deployment };
  return { kind: 'simulate', deployment, asJson: values['json'] === true || !isTerminal };
}

interface Words {
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
}

function readWords(words: readonly string[]): Words | string {
  try {
    return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function readDeployment(values: Readonly<Record<string, unknown>>): Deployment | string {
  const numbers = new Map<SettingName, number>();
  for (const name of NAMES) {
    const { byDefault, isPositive } = SETTINGS[name];
    const word = values[optionOf(name)];
    const value = typeof word === 'string' && word.trim() !== '' ? Number(word) : NaN;
    if (word === undefined) numbers.set(name, byDefault);
    else if (Number.isFinite(value) && value >= 0 && !(isPositive && value === 0)) numbers.set(name, value);
    else return `--${optionOf(name)} takes a number ${isPositive ? 'above 0' : 'from 0 on'}`;
  }
  return Object.fromEntries(numbers) as unknown as Deployment;
}

/** What `--help` prints. */
export function simulateHelp(): string {
  const width = Math.max(...NAMES.map((name) => optionOf(name).length));
  return [
    'npm run simulate -- [--connections N] [--messages-per-second N] …',
    '',
    'Shows what a deployment uses of each of its parts, and which one is full first. Counts of 0 are chosen.',
    '',
    ...NAMES.map(
      (name) =>
        `  --${optionOf(name).padEnd(width)}  ${SETTINGS[name].meaning}; default ${SETTINGS[name].byDefault}`,
    ),
    `  --${'json'.padEnd(width)}  print JSON, as in a pipe`,
    `  --${'table'.padEnd(width)}  print the table of docs/scaling.md`,
    `  --${'fit FILE …'.padEnd(width)}  write bench/simulate/unit-costs.json from results of "npm run bench -- unit-costs group workers"`,
    `  --${'commit HASH'.padEnd(width)}  with --fit: the commit whose services were measured`,
  ].join('\n');
}

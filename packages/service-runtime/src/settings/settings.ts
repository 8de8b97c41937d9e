import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';

/** A secret or a list of keys; whoever names a larger file means another one. */
const FILE_BYTES_MAX = 1024 * 1024;

/** The start was refused: one line for each variable that is wrong. */
export class SettingsError extends Error {
  readonly code = 'settings_invalid';
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.name = 'SettingsError';
    this.lines = lines;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the variables that `schema` names out of an environment. An empty variable counts as not set. Throws a
 * SettingsError that names every wrong variable at once; values are never repeated, they may be secrets.
 */
export function readSettings<Schema extends z.ZodType>(schema: Schema, env: Environment): z.output<Schema> {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = new Map<string, string>(); // the first reason for each variable; the others often follow from it
  for (const issue of parsed.error.issues) {
    const name = String(issue.path[0] ?? 'settings');
    if (!lines.has(name)) lines.set(name, `${name}: ${issue.message}`);
  }
  throw new SettingsError([...lines.values()]);
}

interface IntegerBounds {
  readonly from: number;
  readonly to: number;
  readonly default: number;
}

/** A whole number; nothing else is coerced into one. */
export function integerSetting(bounds: IntegerBounds) {
  return wholeNumber(bounds).default(bounds.default);
}

function wholeNumber({ from, to }: Omit<IntegerBounds, 'default'>) {
  const error = `must be an integer from ${from} to ${to}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, { error })
    .transform(Number)
    .refine((value) => value >= from && value <= to, { error });
}

/** A whole number that may be left out: then it is undefined. */
export function optionalIntegerSetting(bounds: Omit<IntegerBounds, 'default'>) {
  return wholeNumber(bounds).optional();
}

/** A TCP port; 0 lets the system pick one. */
export function portSetting(defaultPort: number) {
  return integerSetting({ from: 0, to: 65_535, default: defaultPort });
}

/** `yes` or `no`. */
export function yesNoSetting() {
  return z.enum(['yes', 'no'], { error: 'must be yes or no' }).transform((value) => value === 'yes');
}

/** A URL of one of these schemes (with their colon), kept as text. */
export function urlSetting(schemes: readonly string[]) {
  const starts = schemes.map((scheme) => `${scheme}//`).join(' or ');
  const error = `must be a URL that starts with ${starts} (with % codes for special characters in a password)`;
  return z.string().refine((text) => isUrlOf(schemes, text), { error });
}

function isUrlOf(schemes: readonly string[], text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  try {
    decodeURIComponent(username + password);
  } catch {
    return false;
  }
  return schemes.includes(protocol);
}

/** The text in the file that the variable names, read once; line ends at its end don't count. */
export function fileSetting() {
  return z.string().transform((path, context) => {
    try {
      if (statSync(path).size > FILE_BYTES_MAX) throw new Error('too large');
      return readFileSync(path, 'utf8').replace(/[\r\n]+$/, '');
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'too large';
      context.addIssue({ code: 'custom', message: `names a file that can not be read (${code})` });
      return z.NEVER;
    }
  });
}

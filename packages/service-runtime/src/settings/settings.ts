import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';

/** Enough for a secret or a list of keys; a larger file is named by mistake. */
const FILE_BYTES_MAX = 1024 * 1024;

/** Settings are wrong: one line for each wrong variable. */
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
 * Reads the variables of `schema` from an environment. An empty variable counts as not set. Throws a SettingsError that
 * names all wrong variables; it never repeats values, which may be secrets.
 */
export function readSettings<Schema extends z.ZodType>(schema: Schema, env: Environment): z.output<Schema> {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = new Map<string, string>(); // only the first error of each variable; the others often follow from it
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

/** A whole number, without any coercion. */
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

/** A whole number; undefined if it is not set. */
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

/** `on` or `off`; `yes` and `no` as in other settings mean the same. */
export function onOffSetting() {
  return z
    .enum(['on', 'off', 'yes', 'no'], { error: 'must be on or off' })
    .transform((value) => value === 'on' || value === 'yes');
}

/** A URL with one of these schemes (written with a colon), kept as text. */
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

/** The content of the file that the variable names, read once, without line ends at its end. */
export function fileSetting() {
  return z.string().transform((path, context) => {
    try {
      return readSmallFile(path, FILE_BYTES_MAX).replace(/[\r\n]+$/, '');
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      return z.NEVER;
    }
  });
}

/** The text of a file. Throws an error whose message says why it cannot be read. */
export function readSmallFile(path: string, bytesMax: number): string {
  try {
    if (statSync(path).size > bytesMax) throw new Error('too large');
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'too large';
    throw new Error(`names a file that cannot be read (${code})`, { cause: error });
  }
}

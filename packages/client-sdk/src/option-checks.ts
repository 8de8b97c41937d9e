/** Whether the value of one option is valid. Options that are absent or undefined are not checked. */
type OptionCheck = (value: unknown) => boolean;

/** A check for each option of `Options`. */
export type OptionChecks<Options> = Readonly<Record<keyof Options, OptionCheck>>;

/** Throws a TypeError that names the first option that has no check, or whose value is not valid. */
export function checkOptions<Options extends object>(checks: OptionChecks<Options>, options: object): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) throw new TypeError(`unknown option ${name}`);
    requireOption(value === undefined || checks[name as keyof Options](value), name);
  }
}

/**
 * Throws a TypeError that names the option, unless it is valid. The text has no value of the program, which may be a
 * secret.
 */
export function requireOption(isValid: boolean, name: string, reason = ''): void {
  if (!isValid) throw new TypeError(`invalid option ${name}${reason && `: ${reason}`}`);
}

export function isIntegerWithin(least: number, value: unknown, most: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

export function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

/** True for an object with these methods, of any class. */
export function hasMethods(value: unknown, ...names: string[]): boolean {
  return names.every((name) => isFunction((value as Readonly<Record<string, unknown>> | null)?.[name]));
}

/** For times and bounds. */
export function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0;
}

/** Throws a TypeError that names the first option that is not one of `names`, which are separated by spaces. */
export function refuseUnknownOptions(names: string, options: object): void {
  for (const name of Object.keys(options))
    if (!names.split(' ').includes(name)) throw new TypeError(`unknown option ${name}`);
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

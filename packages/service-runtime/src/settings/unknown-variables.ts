import type { Environment } from './settings.ts';

/** Programs of other makers have short names of their own that differ by a letter: `PORTS`, `HOSTS`. */
const NAME_LENGTH_MIN = 7;
/** From this length on two typing errors are accepted as one name. */
const LONG_NAME_LENGTH = 10;
/** A name that people expect before each setting. Kubernetes sets `POSTLINE_PORT=tcp://…` for a service `postline`. */
const PREFIX = 'POSTLINE_';
const KUBERNETES_VALUE = /^tcp:\/\//;

/** A line for each variable that looks like a misspelled setting. Other programs' variables must not be reported. */
export function unknownVariables(known: readonly string[], env: Environment): readonly string[] {
  const knownNames = new Set(known);
  // A setting that has a value is spelled right somewhere: a similar variable is then another program's.
  const unset = known.filter((name) => env[name] === undefined);
  return Object.entries(env).flatMap(([name, value = '']) => {
    if (knownNames.has(name)) return [];
    const meant = meantSetting(name, value, unset);
    return meant === undefined ? [] : [`${name}: is not a setting; did you mean ${meant}?`];
  });
}

function meantSetting(name: string, value: string, unset: readonly string[]): string | undefined {
  if (name.startsWith(PREFIX) && !KUBERNETES_VALUE.test(value)) {
    const bare = name.slice(PREFIX.length);
    if (unset.includes(bare)) return bare;
  }
  return unset.find((setting) => isNear(name.toUpperCase(), setting));
}

function isNear(name: string, setting: string): boolean {
  if (setting.length < NAME_LENGTH_MIN || name.length < NAME_LENGTH_MIN) return false;
  const errorsMax = setting.length < LONG_NAME_LENGTH ? 1 : 2;
  if (Math.abs(name.length - setting.length) > errorsMax) return false;
  return typingErrors(name, setting) <= errorsMax;
}

/** Letters that are missing, too many, wrong, or exchanged with their neighbour (optimal string alignment). */
function typingErrors(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? Infinity;
  for (let i = 1; i <= a.length; i += 1) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      const isExchanged = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      rows[i]?.push(
        Math.min(
          at(i - 1, j) + 1,
          at(i, j - 1) + 1,
          at(i - 1, j - 1) + (isSame ? 0 : 1),
          isExchanged ? at(i - 2, j - 2) + 1 : Infinity,
        ),
      );
    }
  }
  return at(a.length, b.length);
}

const ID_CHARACTERS_MAX = 128;
const ID_PATTERN = new RegExp(`^[A-Za-z0-9_-][A-Za-z0-9._~:@|+-]{0,${ID_CHARACTERS_MAX - 1}}$`);
const RESERVED_ID = '__proto__';
const INTEGER_PATTERN = /^(?:0|[1-9]\d{0,15})$/;
const GROUP_PREFIX = 'group:';

export type ClientIdResult =
  | { readonly ok: true; readonly id: string }
  | { readonly ok: false; readonly problem: string };

/** Validates a typed client id. Nothing is trimmed or folded, because ids are compared exactly. */
export function readClientId(typed: string): ClientIdResult {
  if (typed === '') return { ok: false, problem: 'Type a client id first, for example 1 or anna.' };
  if (!ID_PATTERN.test(typed) || typed === RESERVED_ID) {
    return {
      ok: false,
      problem: `An id has 1 to ${ID_CHARACTERS_MAX} of the characters A-Z a-z 0-9 . _ ~ : @ | + - and starts with a letter, a digit, _ or -.`,
    };
  }
  if (typed.startsWith(GROUP_PREFIX)) return { ok: false, problem: 'A client cannot connect as a group.' };
  return { ok: true, id: typed };
}

/** The id in JSON: integers as a number, as in the documented example, everything else as a string. */
export function jsonId(id: string): number | string {
  const isInteger = INTEGER_PATTERN.test(id) && Number.isSafeInteger(Number(id));
  return isInteger ? Number(id) : id;
}

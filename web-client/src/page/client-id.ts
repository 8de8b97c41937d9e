import { groupNameOf } from './group-id.ts';

const ID_CHARACTERS_MAX = 128;
const ID_PATTERN = new RegExp(`^[A-Za-z0-9_-][A-Za-z0-9._~:@|+-]{0,${ID_CHARACTERS_MAX - 1}}$`);
const RESERVED_ID = '__proto__';
const INTEGER_PATTERN = /^(?:0|[1-9]\d{0,15})$/;

/** Four columns fit on a large screen; each has a connection and up to 500 messages. */
const CLIENTS_MAX = 4;

export type ClientIdsResult =
  | { readonly ok: true; readonly ids: readonly string[] }
  | { readonly ok: false; readonly problem: string };

/**
 * Validates typed client ids: one, or several separated by commas, which no id contains. Spaces around the commas are
 * ignored; an id alone is not trimmed, because ids are compared exactly.
 */
export function readClientIds(typed: string): ClientIdsResult {
  const isList = typed.includes(',');
  const parts = isList ? typed.split(',').map((part) => part.trim()) : [typed];
  const ids = [...new Set(parts)].filter((id) => id !== '');
  if (ids.length === 0) return { ok: false, problem: 'Type a client id first, for example 1 or anna.' };
  for (const id of ids) {
    const problem = idProblem(id);
    if (problem !== undefined) return { ok: false, problem };
  }
  if (ids.length > CLIENTS_MAX)
    return { ok: false, problem: `This page shows at most ${CLIENTS_MAX} clients side by side.` };
  return { ok: true, ids };
}

function idProblem(id: string): string | undefined {
  if (!ID_PATTERN.test(id) || id === RESERVED_ID)
    return `An id has 1 to ${ID_CHARACTERS_MAX} of the characters A-Z a-z 0-9 . _ ~ : @ | + - and starts with a letter, a digit, _ or -.`;
  return groupNameOf(id) === undefined ? undefined : 'A client cannot connect as a group.';
}

/** The id in JSON: integers as a number, as in the documented example, everything else as a string. */
export function jsonId(id: string): number | string {
  const isInteger = INTEGER_PATTERN.test(id) && Number.isSafeInteger(Number(id));
  return isInteger ? Number(id) : id;
}

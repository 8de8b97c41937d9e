export type JsonObject = Record<string, unknown>;

/** Names of fields, separated by spaces: texts, offsets (`+name`) and booleans (`!name`). */
type Fields<Names extends string> = Names extends `${infer First} ${infer Rest}`
  ? Field<First> & Fields<Rest>
  : Field<Names>;
type Field<Name extends string> = Name extends `+${infer Offset}`
  ? Record<Offset, number>
  : Name extends `!${infer Flag}`
    ? Record<Flag, boolean>
    : Record<Name, string>;

/** True for a JSON object. Its fields are still unchecked. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The parsed JSON, or `undefined` if `text` is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** True for a JSON object with these fields. */
export function hasFields<Names extends string>(
  value: unknown,
  names: Names,
): value is JsonObject & Fields<Names> {
  return (
    isJsonObject(value) &&
    names.split(' ').every((name) => {
      const field = value[name.replace(/^\W/, '')];
      if (name.startsWith('+')) return isOffset(field);
      return typeof field === (name.startsWith('!') ? 'boolean' : 'string');
    })
  );
}

/** True for a non-negative integer that JSON carries exactly. */
export function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

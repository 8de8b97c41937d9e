export type JsonObject = Record<string, unknown>;

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

/** True if each of these fields is a string. */
export function hasTexts<Value extends JsonObject, Name extends string>(
  value: Value,
  ...names: Name[]
): value is Value & Record<Name, string> {
  return names.every((name) => typeof value[name] === 'string');
}

/** True if each of these fields is an offset: a non-negative integer that JSON carries exactly. */
export function hasOffsets<Value extends JsonObject, Name extends string>(
  value: Value,
  ...names: Name[]
): value is Value & Record<Name, number> {
  return names.every((name) => Number.isSafeInteger(value[name]) && (value[name] as number) >= 0);
}

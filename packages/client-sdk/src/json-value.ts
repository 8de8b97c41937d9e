export type JsonObject = Record<string, unknown>;

/** True for a JSON object, whose fields are then still to be checked one by one. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What `text` says as JSON, or `undefined` where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** True where each of these fields is a string. */
export function hasTexts<Value extends JsonObject, Name extends string>(
  value: Value,
  ...names: Name[]
): value is Value & Record<Name, string> {
  return names.every((name) => typeof value[name] === 'string');
}

/** True where each of these fields is a place in a log: an integer that JSON carries exactly. */
export function hasOffsets<Value extends JsonObject, Name extends string>(
  value: Value,
  ...names: Name[]
): value is Value & Record<Name, number> {
  return names.every((name) => Number.isSafeInteger(value[name]) && (value[name] as number) >= 0);
}

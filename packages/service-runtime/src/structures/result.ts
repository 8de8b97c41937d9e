/** A value, or why there is none: for expected errors, which callers handle and nobody throws. */
export type Result<Value, Fault = string> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: Fault };

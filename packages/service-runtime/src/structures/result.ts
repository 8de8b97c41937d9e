/** A value or an expected error, which callers handle instead of catching it. */
export type Result<Value, Fault = string> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: Fault };

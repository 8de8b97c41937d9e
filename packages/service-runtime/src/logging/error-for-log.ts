/** Nested causes: a driver's error under the store's under ours. */
const CAUSES_MAX = 5;

/** An error without anything secret, for the log. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  /** The stack without the message at its beginning. */
  readonly stack?: string;
  readonly cause?: LoggedError;
}

/**
 * Redacts an error for the log: removes quoted text from the message, because a server may quote a part of a message or
 * an idempotency key. Of the fields that drivers add, only the code is kept; others contain the statement.
 */
export function errorForLog(error: unknown, causesLeft = CAUSES_MAX): LoggedError {
  if (!(error instanceof Error))
    return { type: typeof error, message: 'a value that is not an error was thrown' };
  const code = 'code' in error ? error.code : undefined;
  const isCode = typeof code === 'string' || typeof code === 'number';
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: error.name,
    message: error.message.replaceAll(/'[^]*'|"[^]*"|`[^]*`/g, "'…'"),
    ...(isCode ? { code } : {}),
    ...(frames === undefined ? {} : { stack: frames.join('\n') }),
    ...(error.cause === undefined || causesLeft === 0
      ? {}
      : { cause: errorForLog(error.cause, causesLeft - 1) }),
  };
}

/** Causes of causes: a driver's error under the store's under ours. */
const CAUSES_MAX = 5;

/** An error as it may stand in a log. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  /** Where it was thrown, without the message that a stack begins with. */
  readonly stack?: string;
  readonly cause?: LoggedError;
}

/**
 * An error of the database or the bus, without what a server quotes in its messages: that can be a part of a message
 * or an idempotency key. Of the fields that drivers add only the code is kept: the statement is among the others.
 */
export function errorForLog(error: unknown, causesLeft = CAUSES_MAX): LoggedError {
  if (!(error instanceof Error))
    return { type: typeof error, message: 'something was thrown that is no error' };
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

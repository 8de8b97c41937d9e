/** A command could not do what it was asked for. Reported in one line; the exit code is 1. */
export class CommandFailure extends Error {
  /** For programs: printed before the message. */
  readonly code: string | undefined;

  constructor(message: string, options: { readonly code?: string; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'CommandFailure';
    this.code = options.code;
  }
}

/** A command was called with wrong words. Reported in one line; the exit code is 2. */
export class UsageError extends Error {
  readonly code = 'usage';

  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

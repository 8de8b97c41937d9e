/** A command was called in a way that it does not know. */
export class ArgumentsError extends Error {
  readonly code = 'arguments_invalid';

  constructor(what: string, usage: string) {
    super(`${what}\n${usage}`);
    this.name = 'ArgumentsError';
  }
}

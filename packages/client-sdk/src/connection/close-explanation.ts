import { CLOSE_CODES, type CloseCode, STANDARD_CLOSE_CODES } from '@postline/protocol/close-codes';

type StandardCloseCode = (typeof STANDARD_CLOSE_CODES)[keyof typeof STANDARD_CLOSE_CODES];

/** A function, so that a bundler leaves out the table if the page does not use it. */
const explanations = (): Readonly<Record<CloseCode | StandardCloseCode, string>> => ({
  [CLOSE_CODES.draining]: 'The relay is restarting.',
  [STANDARD_CLOSE_CODES.noCode]: 'The relay closed the connection without a reason.',
  [STANDARD_CLOSE_CODES.broken]: 'The relay could not be reached, or the connection broke.',
  [STANDARD_CLOSE_CODES.policyViolation]: 'The relay refused this client.',
  [CLOSE_CODES.frameTooLarge]: 'This client sent a frame that is too large.',
  [STANDARD_CLOSE_CODES.internalError]: 'The relay failed.',
  [STANDARD_CLOSE_CODES.restarting]: 'The relay is restarting.',
  [CLOSE_CODES.overloaded]: 'The relay is overloaded.',
  [CLOSE_CODES.tokenExpired]: 'The token has expired.',
  [CLOSE_CODES.noProgress]: 'This client read nothing for too long.',
  [CLOSE_CODES.logRestarted]: 'The log was restarted.',
  [CLOSE_CODES.identifyTimeout]: 'This client did not identify itself in time.',
  [CLOSE_CODES.tooMany]: 'There are too many connections.',
  [CLOSE_CODES.badFrame]: 'The relay did not understand this client.',
  [CLOSE_CODES.unauthorized]: 'The relay requires a valid token.',
  [CLOSE_CODES.notAllowed]: 'This page or this client id is not allowed to connect.',
  [CLOSE_CODES.disconnectedByApi]: 'The API disconnected this client.',
});

/** Says in words why a connection ended, with the code for those who want to look it up. */
export function explainClose(code: number): string {
  return `${(explanations() as Readonly<Record<number, string>>)[code] ?? 'The relay closed the connection.'} (code ${code})`;
}

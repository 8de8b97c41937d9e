import { CLOSE_CODES, type CloseCode } from '@postline/protocol/close-codes';

/** The codes of RFC 6455 that a relay's own table doesn't have. */
type StandardCode = 1006 | 1008 | 1011 | 1012;

const EXPLANATIONS: Readonly<Record<CloseCode | StandardCode, string>> = {
  [CLOSE_CODES.draining]: 'The relay is restarting.',
  1006: 'The relay could not be reached, or the connection broke.',
  1008: 'The relay refused this client.',
  [CLOSE_CODES.frameTooLarge]: 'The relay was sent a frame that is too large.',
  1011: 'The relay ran into an error.',
  1012: 'The relay is restarting.',
  [CLOSE_CODES.overloaded]: 'The relay has too much to do right now.',
  [CLOSE_CODES.tokenExpired]: 'The token has expired.',
  [CLOSE_CODES.noProgress]: 'This client took nothing for too long, so the relay let go.',
  [CLOSE_CODES.logRestarted]: 'The log was restarted.',
  [CLOSE_CODES.identifyTimeout]: 'The relay got no identification in time.',
  [CLOSE_CODES.tooMany]: 'There are too many connections right now.',
  [CLOSE_CODES.badFrame]: 'The relay did not understand this client.',
  [CLOSE_CODES.unauthorized]: 'The relay requires a token, and got none that it accepts.',
  [CLOSE_CODES.notAllowed]: 'This page, or this id, is not allowed here.',
  [CLOSE_CODES.disconnectedByApi]: 'The connection was ended from the API.',
};

/** Why a connection ended, in plain words. The number stays visible for whoever has to look it up. */
export function explainClose(code: number): string {
  return `${(EXPLANATIONS as Readonly<Record<number, string>>)[code] ?? 'The relay closed the connection.'} (code ${code})`;
}

const EXPLANATIONS: Readonly<Record<number, string>> = {
  1001: 'The relay is restarting.',
  1006: 'The relay could not be reached, or the connection broke.',
  1008: 'The relay refused this client.',
  1009: 'The relay was sent a frame that is too large.',
  1011: 'The relay ran into an error.',
  1012: 'The relay is restarting.',
  1013: 'The relay has too much to do right now.',
  4001: 'The token has expired.',
  4002: 'This client took nothing for too long, so the relay let go.',
  4003: 'The log was restarted.',
  4008: 'The relay got no identification in time.',
  4029: 'There are too many connections right now.',
  4500: 'The relay did not understand this client.',
  4501: 'The relay requires a token, and got none that it accepts.',
  4503: 'This page, or this id, is not allowed here.',
  4510: 'The connection was ended from the API.',
};

/** Why a connection ended, in plain words. The number stays visible for whoever has to look it up. */
export function explainClose(code: number): string {
  return `${EXPLANATIONS[code] ?? 'The relay closed the connection.'} (code ${code})`;
}

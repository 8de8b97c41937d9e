const EXPLANATIONS: ReadonlyMap<number, string> = new Map([
  [1001, 'The relay is restarting.'],
  [1005, 'The relay closed the connection without saying why.'],
  [1006, 'The relay could not be reached, or the connection broke.'],
  [1008, 'The relay refused this page.'],
  [1009, 'The relay was sent a frame that is too large.'],
  [1011, 'The relay ran into an error.'],
  [1012, 'The relay is restarting.'],
  [1013, 'The relay has too much to do right now.'],
  [4001, 'The token has expired.'],
  [4002, 'This page took nothing for too long, so the relay let go.'],
  [4003, 'The log was restarted; this page picks it up again from where it still holds.'],
  [4008, 'The relay got no identification in time.'],
  [4029, 'There are too many connections right now.'],
  [4500, 'The relay did not understand this page.'],
  [4501, 'The relay requires a token, and this page has none that it accepts.'],
  [4503, 'This page, or this id, is not allowed here.'],
  [4510, 'The connection was ended from the API.'],
]);

/** Why a connection ended, in plain words. The number stays visible for whoever has to look it up. */
export function explainClose(code: number): string {
  const words = EXPLANATIONS.get(code) ?? 'The relay closed the connection.';
  return code === 1006 ? words : `${words} (code ${code})`;
}

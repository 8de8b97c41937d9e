/** How long and how unusual the texts are. */
export type BodyShape = 'varied' | 'short' | 'medium' | 'large';

/** Fits into its row's page. */
const MEDIUM_CHARACTERS = 3_000;
const LARGE_CHARACTERS = 60_000;
const LONG_EVERY = 97;
const LONG_CHARACTERS = 8_000;
const ODD_TEXTS = ['', ' 😀 ünïcödé', ' "quotes" \\ and\nlines', ' <b>bold</b>', ' \u0000 \u2028'];

/** The text of a target's n-th message. It names its target and number, and contains nothing random. */
export function messageBody(targetId: string, number: number, shape: BodyShape): string {
  const start = `${targetId}|${number}|`;
  if (shape === 'short') return start;
  if (shape === 'medium') return start + 'x'.repeat(MEDIUM_CHARACTERS);
  if (shape === 'large') return start + 'x'.repeat(LARGE_CHARACTERS);
  if (number % LONG_EVERY === 0) return start + 'é'.repeat(LONG_CHARACTERS);
  return start + (ODD_TEXTS[number % ODD_TEXTS.length] ?? '');
}

export interface NumberedBody {
  readonly targetId: string;
  readonly number: number;
}

/** Reads the target and number of a text; undefined if it is not one of ours. */
export function parseBody(text: string): NumberedBody | undefined {
  const match = /^([^|]+)\|(\d+)\|/.exec(text);
  return match === null ? undefined : { targetId: match[1] ?? '', number: Number(match[2]) };
}

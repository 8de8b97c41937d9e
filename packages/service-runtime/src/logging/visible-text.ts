/** Controls and changes of the writing direction: text of others must not move the cursor or disguise a line. */
const CONTROLS = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The text with every control character escaped, for a terminal. */
export function visibleText(text: string): string {
  return text.replaceAll(CONTROLS, escapeOf);
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

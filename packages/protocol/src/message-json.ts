import { z } from 'zod';
import { MESSAGE_BYTES_MAX, MESSAGE_JSON_LEVELS_MAX } from './limits.ts';
import { fitsTheColumn } from './message-text.ts';

const TOO_LONG = `must be at most ${MESSAGE_BYTES_MAX} bytes in UTF-8, as JSON text`;
const TOO_DEEP = `must have at most ${MESSAGE_JSON_LEVELS_MAX} levels of arrays and objects`;
const TOO_LARGE_A_NUMBER = 'has a number beyond the range of a double';

/**
 * A message that is given as a JSON value: its text is the message. Keys keep their order; numbers become those of
 * JavaScript, as for every JSON parser of a browser.
 */
export const messageJsonSchema = z
  .unknown()
  .transform((value, context): string => {
    const fault = new ValueCheck().faultOf(value, MESSAGE_JSON_LEVELS_MAX);
    const text = fault === undefined ? JSON.stringify(value) : '';
    const message = fault ?? (fitsTheColumn(text) ? undefined : TOO_LONG);
    if (message === undefined) return text;
    context.issues.push({ code: 'custom', message, input: undefined }); // the value may be large: it is not repeated
    return z.NEVER;
  })
  .meta({
    id: 'MessageJson',
    description: `Any JSON value, in place of \`message\`: its text is stored and delivered, at most ${MESSAGE_BYTES_MAX} bytes in UTF-8.`,
    example: { order: 1042, status: 'shipped' },
  });

/** Looks for what JSON.stringify can't write, before it writes up to 8 MiB of it. */
class ValueCheck {
  /** Each value takes a byte at least. */
  #valuesLeft = MESSAGE_BYTES_MAX;

  faultOf(value: unknown, levelsLeft: number): string | undefined {
    this.#valuesLeft -= 1;
    if (this.#valuesLeft < 0) return TOO_LONG;
    if (typeof value === 'number' && !Number.isFinite(value)) return TOO_LARGE_A_NUMBER; // would be written as null
    if (typeof value !== 'object' || value === null) return undefined;
    if (levelsLeft === 0) return TOO_DEEP;
    for (const inner of Array.isArray(value) ? (value as readonly unknown[]) : Object.values(value)) {
      const fault = this.faultOf(inner, levelsLeft - 1);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
}

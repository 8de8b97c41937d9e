import { z } from 'zod';
import { MESSAGE_BYTES_MAX } from './limits.ts';
import { utf8ByteLength } from './utf8-byte-length.ts';

/** UTF-8 takes at most three bytes for each UTF-16 unit, so the bytes of a short text need not be counted. */
const UNITS_ALWAYS_SHORT_ENOUGH = Math.floor(MESSAGE_BYTES_MAX / 3);

/** Whether a text takes no more bytes than a message may have. */
export function fitsTheColumn(text: string): boolean {
  return text.length <= UNITS_ALWAYS_SHORT_ENOUGH || utf8ByteLength(text) <= MESSAGE_BYTES_MAX;
}

/**
 * The text of a message: 1 to 65,535 bytes of well-formed UTF-8 (a lone surrogate would be stored as another
 * character).
 */
export const messageTextSchema = z
  .string({ error: (issue) => (issue.input === undefined ? 'is required' : 'must be a string') })
  .min(1, { error: 'must not be empty' })
  .refine(fitsTheColumn, { error: `must be at most ${MESSAGE_BYTES_MAX} bytes in UTF-8` })
  .refine((text) => text.isWellFormed(), {
    error: 'must be well-formed Unicode (it has a lone surrogate)',
  })
  .meta({
    id: 'MessageText',
    description: `1 to ${MESSAGE_BYTES_MAX} bytes in UTF-8, well-formed.`,
    example: 'Hello Client 1!',
  });

import { z } from 'zod';
import { EPOCH_CHARACTERS_MAX, LOG_PAGE_MESSAGES_DEFAULT, LOG_PAGE_MESSAGES_MAX } from './limits.ts';
import { queryNumber } from './query-number.ts';
import { rowMarkSchema } from './row-mark.ts';

/** Query of `GET /targets/:targetId/messages`: a page forward from `after`, or backward from `before`. */
export const logPageQuerySchema = z
  .object({
    after: queryNumber('Messages after this offset.', 0, Number.MAX_SAFE_INTEGER).optional(),
    before: z
      .union([z.literal('head'), queryNumber('', 0, Number.MAX_SAFE_INTEGER)], {
        error: `must be head, or an integer from 0 to ${Number.MAX_SAFE_INTEGER}`,
      })
      .optional()
      .meta({
        description: 'The last messages before this offset; `head`: the newest. Not together with `after`.',
      }),
    limit: queryNumber(
      `At most this many messages; ${LOG_PAGE_MESSAGES_DEFAULT} if left out.`,
      1,
      LOG_PAGE_MESSAGES_MAX,
    ).optional(),
    epoch: z
      .string()
      .min(1)
      .max(EPOCH_CHARACTERS_MAX)
      .optional()
      .meta({ description: 'The epoch of `after` or `before`.' }),
    id: rowMarkSchema.shape.id.optional().meta({
      description:
        'The id of the message at `after`; together with `createdAt` it shows whether another message has that offset now.',
    }),
    createdAt: rowMarkSchema.shape.createdAt.optional().meta({
      description: 'The time at which the message at `after` was created.',
    }),
  })
  .refine(({ after, before }) => after === undefined || before === undefined, {
    path: ['before'],
    error: 'must be left out if "after" is given',
  });

/** A message as it is stored. */
export interface LogMessage {
  readonly id: string;
  readonly targetId: string;
  readonly offset: number;
  /** The text that was published. Frames and log pages call it `data`; it is renamed in this package only. */
  readonly message: string;
  readonly createdAt: string;
}

/** One message of a target's log: a `new_message` frame without `type` and `epoch`. */
export const logEntrySchema = z
  .object({
    id: z.string().meta({ description: 'The id of the row.' }),
    targetId: z.string(),
    offset: z
      .int()
      .min(1)
      .meta({ description: "The position in the target's log: 1, 2, 3, … without a gap." }),
    data: z.string().meta({ description: 'The message as it was published.' }),
    createdAt: z.iso
      .datetime()
      .meta({ description: "When it was stored, by the database's clock, in UTC with milliseconds." }),
  })
  .meta({ id: 'LogEntry' });
export type LogEntry = z.output<typeof logEntrySchema>;

export function logEntryOf({ id, targetId, offset, message, createdAt }: LogMessage): LogEntry {
  return { id, targetId, offset, data: message, createdAt };
}

/** Answer of `GET /targets/:targetId/messages`, oldest first. */
export const logPageSchema = z
  .object({
    epoch: z.string(),
    head: z
      .int()
      .min(0)
      .meta({ description: 'The last offset of the log; 0 for a target without messages.' }),
    recovered: z.boolean().meta({
      description:
        'False if `after` is of another epoch, beyond the head, or (by `id` and `createdAt`) of another message: the log starts over. False if `before` is of another epoch.',
    }),
    messages: z.array(logEntrySchema),
    truncatedBefore: z.int().min(1).nullable().meta({
      description:
        'The oldest stored offset, if messages after `after`, or as many before `before` as the page has room for, were deleted; else null.',
    }),
  })
  .meta({ id: 'LogPage' });
export type LogPage = z.output<typeof logPageSchema>;

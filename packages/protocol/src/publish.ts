import { z } from 'zod';
import { BATCH_MESSAGES_MAX, IDEMPOTENCY_KEY_CHARACTERS_MAX } from './limits.ts';
import { messageTextSchema } from './message-text.ts';
import { targetIdSchema } from './target-id.ts';

/** Identifies one publish, so that a retry is recognised. Visible ASCII, compared as bytes. */
export const idempotencyKeySchema = z
  .string({ error: 'must be a string' })
  .regex(new RegExp(`^[\\x21-\\x7e]{1,${IDEMPOTENCY_KEY_CHARACTERS_MAX}}$`), {
    error: `must be 1 to ${IDEMPOTENCY_KEY_CHARACTERS_MAX} visible ASCII characters`,
  })
  .meta({
    id: 'IdempotencyKey',
    description: 'Identifies one publish, so that a retry is recognised. 1 to 255 visible ASCII characters.',
  });

/** Body of `POST /` and `POST /messages`. */
export const publishRequestSchema = z
  .object(
    { message: messageTextSchema, targetId: targetIdSchema },
    { error: 'must be a JSON object with "message" and "targetId"' },
  )
  .meta({ id: 'PublishRequest' });

/** Body of `POST /messages/batch`: stored all or none, in this order. */
export const publishBatchRequestSchema = z
  .object(
    {
      messages: z
        .array(
          z.object(
            {
              message: messageTextSchema,
              targetId: targetIdSchema,
              idempotencyKey: idempotencyKeySchema.optional(),
            },
            { error: 'must be an object with "message" and "targetId"' },
          ),
          { error: 'must be an array of messages' },
        )
        .min(1, { error: 'must hold at least one message' })
        .max(BATCH_MESSAGES_MAX, { error: `must hold at most ${BATCH_MESSAGES_MAX} messages` }),
    },
    { error: 'must be a JSON object with "messages"' },
  )
  .meta({ id: 'PublishBatchRequest' });

/** `sent`: the hint was published on the bus. `stored`: it was not, and the relay finds the row by its comparison. */
export const publishStatusSchema = z.enum(['sent', 'stored']).meta({ id: 'PublishStatus' });
export type PublishStatus = z.output<typeof publishStatusSchema>;

/** Answer to one published message: it is committed in the database. */
export const publishedMessageSchema = z
  .object({
    id: z.string().meta({ example: '1024' }),
    targetId: z.string().meta({ example: '1' }),
    offset: z.int().min(1).meta({ description: "Position in the target's log.", example: 58 }),
    createdAt: z.iso.datetime().meta({ example: '2026-11-23T00:00:00.000Z' }),
    status: publishStatusSchema,
  })
  .meta({ id: 'PublishedMessage' });
export type PublishedMessage = z.output<typeof publishedMessageSchema>;

/** Answer to a batch, in the order of the request. */
export const publishedBatchSchema = z
  .object({
    messages: z.array(
      publishedMessageSchema.extend({
        replayed: z
          .literal(true)
          .optional()
          .meta({ description: 'The message was already stored under its key.' }),
      }),
    ),
  })
  .meta({ id: 'PublishedBatch' });
export type PublishedBatch = z.output<typeof publishedBatchSchema>;

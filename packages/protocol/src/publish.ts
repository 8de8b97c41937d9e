import { z } from 'zod';
import { BATCH_MESSAGES_MAX, IDEMPOTENCY_KEY_CHARACTERS_MAX } from './limits.ts';
import { messageJsonSchema } from './message-json.ts';
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
    description: `Identifies one publish, so that a retry is recognised. 1 to ${IDEMPOTENCY_KEY_CHARACTERS_MAX} visible ASCII characters.`,
  });

const NO_REQUEST = 'must be a JSON object with "message" (or "json") and "targetId"';
const NO_MESSAGE = 'must be an object with "message" (or "json") and "targetId"';

const textFields = { message: messageTextSchema, targetId: targetIdSchema };
const eitherFields = {
  message: messageTextSchema.optional(),
  json: messageJsonSchema.optional(),
  targetId: targetIdSchema,
};
const keyField = { idempotencyKey: idempotencyKeySchema.optional() };

interface EitherMessage {
  readonly message?: string | undefined;
  /** As text. */
  readonly json?: string | undefined;
  readonly targetId: string;
  readonly idempotencyKey?: string | undefined;
}

/** The message of a request that has either `message` or `json`. */
function withMessage(
  { message, json, targetId, idempotencyKey }: EitherMessage,
  context: z.RefinementCtx<EitherMessage>,
) {
  if (message === undefined && json === undefined) {
    context.addIssue({ code: 'custom', path: ['message'], message: 'is required' });
  } else if (message !== undefined && json !== undefined) {
    context.addIssue({ code: 'custom', path: ['json'], message: 'must be left out if "message" is given' });
  }
  return { message: message ?? json ?? '', targetId, idempotencyKey };
}

function batchOf<Message extends z.ZodType>(message: Message) {
  return z.object(
    {
      messages: z
        .array(message, { error: 'must be an array of messages' })
        .min(1, { error: 'must hold at least one message' })
        .max(BATCH_MESSAGES_MAX, { error: `must hold at most ${BATCH_MESSAGES_MAX} messages` }),
    },
    { error: 'must be a JSON object with "messages"' },
  );
}

/** Body of `POST /` and `POST /messages`. */
export const publishRequestSchema = z
  .object(eitherFields, { error: NO_REQUEST })
  .transform(withMessage)
  .meta({ id: 'PublishRequest', description: 'Exactly one of `message` and `json`.' });
/** As a publisher writes it. */
export type PublishRequest = z.input<typeof publishRequestSchema>;

/** Body of `POST /messages/batch`: stored all or none, in this order. */
export const publishBatchRequestSchema = batchOf(
  z.object({ ...eitherFields, ...keyField }, { error: NO_MESSAGE }).transform(withMessage),
).meta({ id: 'PublishBatchRequest' });

const textRequestSchema = z.object(textFields, { error: NO_REQUEST });
const textBatchSchema = batchOf(z.object({ ...textFields, ...keyField }, { error: NO_MESSAGE }));

/** The schema for a body of `POST /messages`. Without `json` it is a simpler one, which parses in half the time. */
export function publishRequestSchemaFor(body: unknown) {
  return hasJson(body) ? publishRequestSchema : textRequestSchema;
}

/** The same for a batch; a simpler one if no message has `json`. */
export function publishBatchSchemaFor(body: unknown) {
  const messages = isObject(body) && 'messages' in body ? body.messages : undefined;
  const isEither = Array.isArray(messages) && messages.some(hasJson);
  return isEither ? publishBatchRequestSchema : textBatchSchema;
}

function hasJson(value: unknown): boolean {
  return isObject(value) && 'json' in value;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

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

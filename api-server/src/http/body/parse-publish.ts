import type { AppendRequest } from '@postline/message-store';
import {
  BATCH_MESSAGES_MAX,
  idempotencyKeySchema,
  publishBatchRequestSchema,
  publishRequestSchema,
} from '@postline/protocol';
import { invalid, type Parsed, parseWith } from '../answers/problem.ts';

const KEY_HEADER = 'Idempotency-Key';

/** What a publish is read from. */
export interface PublishInput {
  readonly body: unknown;
  readonly idempotencyKeyHeader: string | undefined;
  /** The publisher's name, which idempotency keys are scoped to; empty where nobody has to say who they are. */
  readonly publisher: string;
}

/** Reads one publish out of its body and its `Idempotency-Key` header. */
export function parsePublish({ body, idempotencyKeyHeader, publisher }: PublishInput): Parsed<AppendRequest> {
  const parsed = parseWith(publishRequestSchema, body);
  if (!parsed.ok) return parsed;
  const { message, targetId } = parsed.value;
  if (idempotencyKeyHeader === undefined) {
    return { ok: true, value: { publisher, messages: [{ message, targetId }] } };
  }
  const key = idempotencyKeySchema.safeParse(idempotencyKeyHeader);
  if (!key.success) {
    return { ok: false, refusal: invalid(KEY_HEADER, key.error.issues[0]?.message ?? 'is not valid') };
  }
  const messages = [{ message, targetId, idempotencyKey: key.data }];
  return { ok: true, value: { publisher, messages } };
}

/** Reads a batch out of its body; each message may bring a key of its own there. */
export function parsePublishBatch({
  body,
  idempotencyKeyHeader,
  publisher,
}: PublishInput): Parsed<AppendRequest> {
  if (idempotencyKeyHeader !== undefined) {
    const message = 'is not for batches: give each message its own "idempotencyKey"';
    return { ok: false, refusal: invalid(KEY_HEADER, message) };
  }
  // Looked at before the schema, which would report each of the four million zeros that 8 MiB can hold.
  if (messageCount(body) > BATCH_MESSAGES_MAX) {
    return { ok: false, refusal: invalid('messages', `must hold at most ${BATCH_MESSAGES_MAX} messages`) };
  }
  const parsed = parseWith(publishBatchRequestSchema, body);
  if (!parsed.ok) return parsed;
  return { ok: true, value: { publisher, messages: parsed.value.messages } };
}

function messageCount(body: unknown): number {
  if (typeof body !== 'object' || body === null || !('messages' in body)) return 0;
  return Array.isArray(body.messages) ? body.messages.length : 0;
}

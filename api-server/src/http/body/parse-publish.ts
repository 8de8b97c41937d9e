import type { AppendRequest } from '@postline/message-store';
import {
  BATCH_MESSAGES_MAX,
  idempotencyKeySchema,
  publishBatchSchemaFor,
  publishRequestSchemaFor,
} from '@postline/protocol';
import { invalid, type Parsed, parseWith } from '../answers/problem.ts';

const KEY_HEADER = 'Idempotency-Key';

/** The parts of a request that a publish is parsed from. */
export interface PublishInput {
  readonly body: unknown;
  readonly idempotencyKeyHeader: string | undefined;
  /** The publisher's name, which scopes idempotency keys; empty in open mode. */
  readonly publisher: string;
}

/** Parses one publish from its body and its `Idempotency-Key` header. */
export function parsePublish({ body, idempotencyKeyHeader, publisher }: PublishInput): Parsed<AppendRequest> {
  const parsed = parseWith(publishRequestSchemaFor(body), body);
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

/** Parses a batch from its body, where each message can have its own idempotency key. */
export function parsePublishBatch({
  body,
  idempotencyKeyHeader,
  publisher,
}: PublishInput): Parsed<AppendRequest> {
  if (idempotencyKeyHeader !== undefined) {
    const message = 'is not allowed for a batch: give each message its own "idempotencyKey"';
    return { ok: false, refusal: invalid(KEY_HEADER, message) };
  }
  // Checked before the schema, which would report each of the four million zeros that 8 MiB can hold.
  if (messageCount(body) > BATCH_MESSAGES_MAX) {
    return { ok: false, refusal: invalid('messages', `must hold at most ${BATCH_MESSAGES_MAX} messages`) };
  }
  const parsed = parseWith(publishBatchSchemaFor(body), body);
  if (!parsed.ok) return parsed;
  return { ok: true, value: { publisher, messages: parsed.value.messages } };
}

function messageCount(body: unknown): number {
  if (typeof body !== 'object' || body === null || !('messages' in body)) return 0;
  return Array.isArray(body.messages) ? body.messages.length : 0;
}

import type { IncomingMessage } from 'node:http';
import type { AppendRequest } from '@postline/message-store';
import type { PublishedBatch, PublishedMessage as PublishedMessageBody } from '@postline/protocol';
import type { PublishedMessage, PublishMessages, PublishOutcome } from '../publish-message.ts';
import { answerOtherMethods } from './allow-only.ts';
import { type HttpAnswer, jsonAnswer } from './answer.ts';
import { receiveJsonBody } from './json-body.ts';
import { parsePublish, parsePublishBatch } from './parse-publish.ts';
import {
  INTERNAL_ERROR,
  OVERLOADED,
  type Parsed,
  problemAnswer,
  type Refusal,
  STORE_UNAVAILABLE,
} from './problem.ts';
import type { BodyBudget } from './receive-body.ts';

export interface PublishRoutesOptions {
  readonly publishMessages: PublishMessages;
  readonly messageBodyBytesMax: number;
  readonly batchBodyBytesMax: number;
  readonly bodyBudget: BodyBudget;
  /** Told of what failed and should not have. */
  readonly onFailure: (error: Error) => void;
}

/** One kind of publish: how its body is read, and how its answer looks. */
interface PublishKind {
  readonly bodyBytesMax: number;
  readonly parse: (body: unknown, idempotencyKey: string | undefined) => Parsed<AppendRequest>;
  readonly answer: (messages: readonly PublishedMessage[]) => HttpAnswer;
  /** Where the idempotency key of a message was given. */
  readonly keyPath: (index: number) => string;
}

/** A route as both ways to it need it: by itself it knows nothing of how requests get there. */
export interface PublishRoute {
  readonly paths: readonly string[];
  /** The pattern that the metrics call it by. */
  readonly label: string;
  answer(request: IncomingMessage): Promise<HttpAnswer>;
}

/** `POST /`, `POST /messages` and `POST /messages/batch`. */
export function createPublishRoutes(options: PublishRoutesOptions): readonly PublishRoute[] {
  const one: PublishKind = {
    bodyBytesMax: options.messageBodyBytesMax,
    parse: parsePublish,
    answer: answerOne,
    keyPath: () => 'Idempotency-Key',
  };
  const batch: PublishKind = {
    bodyBytesMax: options.batchBodyBytesMax,
    parse: parsePublishBatch,
    answer: answerBatch,
    keyPath: (index) => `messages.${index}.idempotencyKey`,
  };
  return [
    createPublishRoute(['/', '/messages'], one, options),
    createPublishRoute(['/messages/batch'], batch, options),
  ];
}

function createPublishRoute(
  paths: readonly string[],
  kind: PublishKind,
  options: PublishRoutesOptions,
): PublishRoute {
  const answerOther = answerOtherMethods('POST');
  return {
    paths,
    label: paths.join(' '),
    answer: async (request) =>
      request.method === 'POST' ? await publish(request, kind, options) : answerOther(request),
  };
}

async function publish(
  request: IncomingMessage,
  kind: PublishKind,
  options: PublishRoutesOptions,
): Promise<HttpAnswer> {
  const limits = { bytesMax: kind.bodyBytesMax, budget: options.bodyBudget };
  const body = await receiveJsonBody(request, limits);
  if (!body.ok) return problemAnswer(body.refusal);

  const parsed = kind.parse(body.value, singleHeader(request.headers['idempotency-key']));
  if (!parsed.ok) return problemAnswer(parsed.refusal);

  const outcome = await options.publishMessages(parsed.value);
  if (outcome.kind === 'published') return kind.answer(outcome.messages);
  if (outcome.kind === 'failed') options.onFailure(outcome.error);
  return problemAnswer(refusalOf(outcome, kind));
}

/** Node joins a header that came twice with a comma, and a key with ", " in it is refused like any other bad one. */
function singleHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

function refusalOf(outcome: Exclude<PublishOutcome, { kind: 'published' }>, kind: PublishKind): Refusal {
  switch (outcome.kind) {
    case 'idempotency-key-reused':
      return keyReused(kind.keyPath(outcome.index));
    case 'overloaded':
      return OVERLOADED;
    case 'store-unavailable':
      return STORE_UNAVAILABLE;
    case 'failed':
      return INTERNAL_ERROR;
  }
}

function keyReused(path: string): Refusal {
  const message = 'was used for another message or target';
  const detail = `${path}: ${message}. Nothing was stored.`;
  return { code: 'idempotency_key_reused', detail, errors: [{ path, message }] };
}

function answerOne([message]: readonly PublishedMessage[]): HttpAnswer {
  if (message === undefined) return problemAnswer(INTERNAL_ERROR);
  return jsonAnswer(201, bodyOf(message), message.replayed ? { 'Idempotent-Replayed': 'true' } : {});
}

function answerBatch(messages: readonly PublishedMessage[]): HttpAnswer {
  const body: PublishedBatch = {
    messages: messages.map((message) =>
      message.replayed ? { ...bodyOf(message), replayed: true } : bodyOf(message),
    ),
  };
  return jsonAnswer(201, body);
}

function bodyOf({ id, targetId, offset, createdAt, status }: PublishedMessage): PublishedMessageBody {
  return { id, targetId, offset, createdAt, status };
}

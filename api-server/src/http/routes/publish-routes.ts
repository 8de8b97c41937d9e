import type { IncomingMessage } from 'node:http';
import type { AppendRequest } from '@postline/message-store';
import type { PublishedBatch, PublishedMessage as PublishedMessageBody } from '@postline/protocol';
import type { MemoryShare } from '@postline/service-runtime';
import type { PublishedMessage, PublishMessages, PublishOutcome } from '../../publishing/publish-message.ts';
import type { PublishSpan, PublishSpans } from '../../publishing/publish-spans.ts';
import type { KeyScope, Publisher } from '@postline/publisher-keys';
import { type AccessControl, refuseTarget } from '../../access/access-control.ts';
import { type HttpAnswer, jsonAnswer } from '../answers/answer.ts';
import { receiveJsonBody } from '../body/json-body.ts';
import { parsePublish, parsePublishBatch, type PublishInput } from '../body/parse-publish.ts';
import {
  INTERNAL_ERROR,
  OVERLOADED,
  type Parsed,
  problemAnswer,
  type Refusal,
  STORE_UNAVAILABLE,
} from '../answers/problem.ts';
import type { PublishRates } from '../../access/publish-rates.ts';
import type { HotRoute } from './route.ts';

export interface PublishRoutesOptions {
  readonly publishMessages: PublishMessages;
  /** Undefined if nothing is traced. */
  readonly spans?: PublishSpans | undefined;
  readonly access: Pick<AccessControl, 'authorize'>;
  readonly rates: PublishRates;
  readonly messageBodyBytesMax: number;
  readonly batchBodyBytesMax: number;
  /** For bodies, and for the messages parsed from them until they are stored. */
  readonly bodyMemory: MemoryShare;
  /** Reports unexpected failures. */
  readonly onFailure: (error: Error) => void;
}

/** The scope of idempotency keys in open mode. */
const ANYONE = '';

/** One kind of publish: how its body is parsed, and its answer encoded. */
interface PublishKind {
  /** The scope that a key needs. */
  readonly scope: KeyScope;
  readonly bodyBytesMax: number;
  readonly parse: (input: PublishInput) => Parsed<AppendRequest>;
  readonly answer: (messages: readonly PublishedMessage[]) => HttpAnswer;
  /** The place of a message's idempotency key in the request. */
  readonly keyPath: (index: number) => string;
  /** The place of a message's target in the body. */
  readonly targetPath: (index: number) => string;
}

/** `POST /`, `POST /messages` and `POST /messages/batch`. */
export function createPublishRoutes(options: PublishRoutesOptions): readonly HotRoute[] {
  const one: PublishKind = {
    scope: 'publish',
    bodyBytesMax: options.messageBodyBytesMax,
    parse: parsePublish,
    answer: answerOne,
    keyPath: () => 'Idempotency-Key',
    targetPath: () => 'targetId',
  };
  const batch: PublishKind = {
    scope: 'batch',
    bodyBytesMax: options.batchBodyBytesMax,
    parse: parsePublishBatch,
    answer: answerBatch,
    keyPath: (index) => `messages.${index}.idempotencyKey`,
    targetPath: (index) => `messages.${index}.targetId`,
  };
  return [
    ...createRoutes(['/', '/messages'], one, options),
    ...createRoutes(['/messages/batch'], batch, options),
  ];
}

function createRoutes(
  paths: readonly string[],
  kind: PublishKind,
  options: PublishRoutesOptions,
): readonly HotRoute[] {
  const label = paths.join(' ');
  const { spans } = options;
  const answer = (request: IncomingMessage) => publish(request, kind, options);
  return paths.map((path) => {
    const traced =
      spans && ((request: IncomingMessage) => publishTraced(request, path, kind, { ...options, spans }));
    return { method: 'POST', path, label, answer: traced ?? answer };
  });
}

async function publishTraced(
  request: IncomingMessage,
  route: string,
  kind: PublishKind,
  options: PublishRoutesOptions & { readonly spans: PublishSpans },
): Promise<HttpAnswer> {
  const span = options.spans.startRequest({ headers: request.headers, method: 'POST', route });
  let status = 500;
  try {
    const answer = await publish(request, kind, options, span);
    ({ status } = answer);
    return answer;
  } finally {
    span?.end(status);
  }
}

async function publish(
  request: IncomingMessage,
  kind: PublishKind,
  options: PublishRoutesOptions,
  span?: PublishSpan,
): Promise<HttpAnswer> {
  const caller = options.access.authorize(request, kind.scope);
  if (!caller.ok) return problemAnswer(caller.refusal);
  const publisher = caller.value;
  const limited = options.rates.admit(request, publisher);
  if (limited !== undefined) return problemAnswer(limited);

  const limits = { bytesMax: kind.bodyBytesMax, memory: options.bodyMemory };
  const body = await receiveJsonBody(request, limits, (value) =>
    kind.parse({
      body: value,
      idempotencyKeyHeader: singleHeader(request.headers['idempotency-key']),
      publisher: publisher?.name ?? ANYONE,
    }),
  );
  if (!body.ok) return problemAnswer(body.refusal);
  try {
    const { messages } = body.value;
    const forbidden = refuseTargets(publisher, messages, kind);
    if (forbidden !== undefined) return problemAnswer(forbidden);
    options.rates.charge(request, publisher, messages.length - 1);

    const outcome = await options.publishMessages(body.value, span);
    if (outcome.kind === 'published') return kind.answer(outcome.messages);
    if (outcome.kind === 'failed') options.onFailure(outcome.error);
    return problemAnswer(refusalOf(outcome, kind));
  } finally {
    body.holding?.close();
  }
}

/** One foreign target refuses the whole batch. */
function refuseTargets(
  publisher: Publisher | undefined,
  messages: AppendRequest['messages'],
  { targetPath }: PublishKind,
): Refusal | undefined {
  const index = messages.findIndex(({ targetId }) => refuseTarget(publisher, targetId) !== undefined);
  if (index < 0) return undefined;
  const path = targetPath(index);
  const message = 'is not a target of this key';
  return {
    code: 'forbidden',
    detail: `${path}: ${message}. Nothing was stored.`,
    errors: [{ path, message }],
  };
}

/** A repeated header arrives joined by ", ", which no valid key contains. */
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
  const message = 'was already used for another message or target';
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

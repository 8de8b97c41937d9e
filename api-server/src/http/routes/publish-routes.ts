import type { IncomingMessage } from 'node:http';
import type { AppendRequest } from '@postline/message-store';
import type { PublishedBatch, PublishedMessage as PublishedMessageBody } from '@postline/protocol';
import type { MemoryShare } from '@postline/service-runtime';
import type { PublishedMessage, PublishMessages, PublishOutcome } from '../../publishing/publish-message.ts';
import type { KeyScope, Publisher } from '../../access/publisher-keys.ts';
import { type AccessControl, refuseTarget } from '../../access/access-control.ts';
import { answerOtherMethods } from './allow-only.ts';
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

export interface PublishRoutesOptions {
  readonly publishMessages: PublishMessages;
  readonly access: Pick<AccessControl, 'authorize'>;
  readonly rates: PublishRates;
  readonly messageBodyBytesMax: number;
  readonly batchBodyBytesMax: number;
  /** For bodies, and for what was read out of them until it is stored. */
  readonly bodyMemory: MemoryShare;
  /** Told of what failed and should not have. */
  readonly onFailure: (error: Error) => void;
}

/** The scope of idempotency keys while nobody has to say who they are. */
const ANYBODY = '';

/** One kind of publish: how its body is read, and how its answer looks. */
interface PublishKind {
  /** What a key needs for it. */
  readonly scope: KeyScope;
  readonly bodyBytesMax: number;
  readonly parse: (input: PublishInput) => Parsed<AppendRequest>;
  readonly answer: (messages: readonly PublishedMessage[]) => HttpAnswer;
  /** Where the idempotency key of a message was given. */
  readonly keyPath: (index: number) => string;
  /** Where the target of a message was given. */
  readonly targetPath: (index: number) => string;
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
    answer: (request) =>
      request.method === 'POST' ? publish(request, kind, options) : Promise.resolve(answerOther(request)),
  };
}

async function publish(
  request: IncomingMessage,
  kind: PublishKind,
  options: PublishRoutesOptions,
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
      publisher: publisher?.name ?? ANYBODY,
    }),
  );
  if (!body.ok) return problemAnswer(body.refusal);
  try {
    const { messages } = body.value;
    const forbidden = refuseTargets(publisher, messages, kind);
    if (forbidden !== undefined) return problemAnswer(forbidden);
    options.rates.charge(request, publisher, messages.length - 1);

    const outcome = await options.publishMessages(body.value);
    if (outcome.kind === 'published') return kind.answer(outcome.messages);
    if (outcome.kind === 'failed') options.onFailure(outcome.error);
    return problemAnswer(refusalOf(outcome, kind));
  } finally {
    body.holding?.close();
  }
}

/** One target that the key is not for is enough: of the batch nothing is stored. */
function refuseTargets(
  publisher: Publisher | undefined,
  messages: AppendRequest['messages'],
  { targetPath }: PublishKind,
): Refusal | undefined {
  const index = messages.findIndex(({ targetId }) => refuseTarget(publisher, targetId) !== undefined);
  if (index < 0) return undefined;
  const path = targetPath(index);
  const message = 'is a target that this key is not for';
  return {
    code: 'forbidden',
    detail: `${path}: ${message}. Nothing was stored.`,
    errors: [{ path, message }],
  };
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

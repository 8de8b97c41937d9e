import {
  disconnectedSchema,
  disconnectQuerySchema,
  type HttpErrorCode,
  idempotencyKeySchema,
  logPageQuerySchema,
  logPageSchema,
  publishBatchRequestSchema,
  publishedBatchSchema,
  publishedMessageSchema,
  publishRequestSchema,
  receiptsSchema,
} from '@postline/protocol';
import { VERSION } from '@postline/service-runtime';
import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject } from 'zod-openapi';
import { memberPaths } from './openapi-members.ts';
import {
  ANYWHERE,
  BODY_ERRORS,
  errorTable,
  JSON_TYPE,
  KEY_SECURITY,
  problems,
  READER_SECURITY,
  WITH_KEY,
} from './openapi-parts.ts';

const CURL = `curl -X POST http://localhost:8080 -H "Content-Type: application/json" -d '{"message": "Hello Client 1!", "targetId": 1}'`;

const EXAMPLE_MESSAGE = { message: 'Hello Client 1!', targetId: 1 };
const EXAMPLE_PUBLISHED = {
  id: '1024',
  targetId: '1',
  offset: 58,
  createdAt: '2026-11-23T00:00:00.000Z',
  status: 'sent' as const,
};

const EXAMPLE_EPOCH = 'q83vEjRWeJASNFZ4kBI0Vg';
const EXAMPLE_RECEIPTS = {
  targetId: '1',
  epoch: EXAMPLE_EPOCH,
  head: 58,
  receipts: [
    {
      clientId: '1',
      deviceId: 'kiosk-7',
      offset: 57,
      epoch: EXAMPLE_EPOCH,
      ackedAt: '2026-11-23T00:00:00.000Z',
    },
  ],
};

const TARGET_PATH = z.object({
  targetId: z.string().meta({
    description: 'A client id, or group:<name>; percent-encoded: auth0%7C5f7c for auth0|5f7c.',
    example: '1',
  }),
});

const PUBLISH_ERRORS: readonly HttpErrorCode[] = [...WITH_KEY, ...BODY_ERRORS, 'idempotency_key_reused'];

/** Describes the HTTP API (OpenAPI 3.1), from the schemas that validate requests. */
export function createOpenApiDocument(): ReturnType<typeof createDocument> {
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Postline',
      version: VERSION,
      description: [
        'Delivers messages over HTTP to clients and groups. A 2xx answer means that the message is committed in the database and will reach its target.',
        `\`\`\`\n${CURL}\n\`\`\``,
        errorTable(),
      ].join('\n\n'),
    },
    // Relative to this document, under whatever path that is.
    servers: [{ url: '.' }],
    components: {
      securitySchemes: {
        publisherKey: {
          type: 'http',
          scheme: 'bearer',
          description:
            'A key of PUBLISH_KEYS with the scope that the operation names. Not needed in open mode.',
        },
        clientToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            "A client's own token: it reads the client's own data, and the messages of its groups.",
        },
      },
    },
    tags: [
      { name: 'Publishing', description: 'Store and deliver messages. There is no order across targets.' },
      { name: 'Reading', description: 'Read the log of a target, and the receipts of its readers.' },
      { name: 'Groups', description: 'Change and read the stored members of groups.' },
      { name: 'Managing', description: 'Close connections of clients.' },
      { name: 'Operating', description: 'For load balancers, monitoring and people.' },
    ],
    paths: {
      '/': { post: publishOperation('publish', 'Publish a message') },
      '/messages': { post: publishOperation('publishMessage', 'Publish a message (the same as POST /)') },
      '/messages/batch': { post: batchOperation() },
      '/targets/{targetId}/messages': { get: logOperation() },
      '/targets/{targetId}/receipts': { get: receiptsOperation() },
      ...memberPaths(),
      '/clients/{clientId}/connections': { delete: disconnectOperation() },
      '/healthz': {
        get: operatingOperation('health', 'The process is alive', z.object({ status: z.literal('ok') })),
      },
      '/readyz': { get: readinessOperation() },
      '/metrics': {
        get: {
          operationId: 'metrics',
          tags: ['Operating'],
          summary: 'Figures for Prometheus',
          responses: {
            200: { description: 'The figures.', content: { 'text/plain': { schema: z.string() } } },
            ...problems(ANYWHERE),
          },
        },
      },
      '/openapi.json': { get: operatingOperation('openapi', 'This description', z.looseObject({})) },
    },
  });
}

function publishOperation(operationId: string, summary: string): ZodOpenApiOperationObject {
  return {
    operationId,
    tags: ['Publishing'],
    summary,
    security: KEY_SECURITY,
    description:
      'Scope `publish`. Unknown fields are ignored. With an `Idempotency-Key`, a retry with the same message and target returns the first answer; with another message or target it is refused.',
    requestParams: { header: z.object({ 'Idempotency-Key': idempotencyKeySchema.optional() }) },
    requestBody: {
      required: true,
      content: { [JSON_TYPE]: { schema: publishRequestSchema, example: EXAMPLE_MESSAGE } },
    },
    responses: {
      201: {
        description:
          'Committed. `stored`: Redis did not answer in time; relays deliver the message from the database.',
        headers: z.object({
          'Idempotent-Replayed': z
            .literal('true')
            .optional()
            .meta({ description: 'The message had already been stored with this key.' }),
        }),
        content: { [JSON_TYPE]: { schema: publishedMessageSchema, example: EXAMPLE_PUBLISHED } },
      },
      ...problems(PUBLISH_ERRORS),
    },
  };
}

function batchOperation(): ZodOpenApiOperationObject {
  return {
    operationId: 'publishBatch',
    tags: ['Publishing'],
    summary: 'Publish up to 1,000 messages, all or none',
    security: KEY_SECURITY,
    description: 'Scope `batch`. A target that the key does not include refuses the whole batch.',
    requestBody: {
      required: true,
      content: {
        [JSON_TYPE]: {
          schema: publishBatchRequestSchema,
          example: {
            messages: [EXAMPLE_MESSAGE, { ...EXAMPLE_MESSAGE, idempotencyKey: 'order-1042-shipped' }],
          },
        },
      },
    },
    responses: {
      201: {
        description: 'All messages are committed; in the order of the request.',
        content: {
          [JSON_TYPE]: { schema: publishedBatchSchema, example: { messages: [EXAMPLE_PUBLISHED] } },
        },
      },
      ...problems(PUBLISH_ERRORS),
    },
  };
}

function logOperation(): ZodOpenApiOperationObject {
  const { id, targetId, offset, createdAt } = EXAMPLE_PUBLISHED;
  return {
    operationId: 'readLog',
    tags: ['Reading'],
    summary: "Read a part of a target's log, oldest first",
    security: READER_SECURITY,
    description:
      "Scope `read`, or the client's own token; for a group the token of a member, which reads from its join on. A target without messages has head 0. To continue, send the last `offset` as `after`, with its `epoch`.",
    requestParams: { path: TARGET_PATH, query: logPageQuerySchema },
    responses: {
      200: {
        description: 'A page. It can contain fewer messages than `limit` if they are large.',
        content: {
          [JSON_TYPE]: {
            schema: logPageSchema,
            example: {
              epoch: EXAMPLE_EPOCH,
              head: 58,
              recovered: true,
              messages: [{ id, targetId, offset, data: 'Hello Client 1!', createdAt }],
              truncatedBefore: null,
            },
          },
        },
      },
      ...problems([...WITH_KEY, 'overloaded', 'store_unavailable']),
    },
  };
}

function receiptsOperation(): ZodOpenApiOperationObject {
  return {
    operationId: 'readReceipts',
    tags: ['Reading'],
    summary: 'Read the offset that each device has processed',
    security: READER_SECURITY,
    description:
      "Scope `read`, or the client's own token. Sorted by client and device. A device that never acked has no receipt.",
    requestParams: { path: TARGET_PATH },
    responses: {
      200: {
        description: 'The receipts, and the head of the log.',
        content: { [JSON_TYPE]: { schema: receiptsSchema, example: EXAMPLE_RECEIPTS } },
      },
      ...problems([...WITH_KEY, 'overloaded', 'store_unavailable']),
    },
  };
}

function disconnectOperation(): ZodOpenApiOperationObject {
  return {
    operationId: 'disconnectClient',
    tags: ['Managing'],
    summary: "Close a client's sockets on every relay (4510)",
    security: KEY_SECURITY,
    description:
      'Scope `manage`. Closes the connections that are open at the commit. Unless its tokens are refused, the client can connect again.',
    requestParams: {
      path: z.object({
        clientId: z.string().meta({ description: 'Not a group. Percent-encoded.', example: '1' }),
      }),
      query: disconnectQuerySchema,
    },
    responses: {
      200: {
        description:
          'Committed. `stored`: Redis did not answer in time; relays find the change within seconds.',
        content: {
          [JSON_TYPE]: {
            schema: disconnectedSchema,
            example: { clientId: '1', tokensRefusedUpTo: '2026-11-23T00:00:00.000Z', status: 'sent' },
          },
        },
      },
      ...problems([...WITH_KEY, 'store_unavailable']),
    },
  };
}

const PART_STATE = z.object({
  status: z.enum(['up', 'down']),
  since: z.string().meta({ description: 'ISO 8601 time.' }),
  reason: z.string().optional().meta({ description: 'Why it is down.' }),
});

function readinessOperation(): ZodOpenApiOperationObject {
  const schema = z.object({
    status: z.enum(['ready', 'degraded', 'not_ready']),
    parts: z.object({ database: PART_STATE, bus: PART_STATE }),
    warnings: z.array(z.string()),
  });
  const up = { status: 'up' as const, since: '2026-11-23T00:00:00.000Z' };
  const example = { status: 'ready' as const, parts: { database: up, bus: up }, warnings: [] };
  return {
    operationId: 'readiness',
    tags: ['Operating'],
    summary: 'Whether the service can do its work',
    responses: {
      200: {
        description: '`ready`, or `degraded`: Redis is down; publishing and delivery work without it.',
        content: { [JSON_TYPE]: { schema, example } },
      },
      503: {
        description: '`not_ready`: the database is down, or the service is starting or closing.',
        content: { [JSON_TYPE]: { schema } },
      },
      ...problems(ANYWHERE),
    },
  };
}

function operatingOperation(
  operationId: string,
  summary: string,
  schema: z.ZodType,
): ZodOpenApiOperationObject {
  return {
    operationId,
    tags: ['Operating'],
    summary,
    responses: { 200: { description: 'OK.', content: { [JSON_TYPE]: { schema } } }, ...problems(ANYWHERE) },
  };
}

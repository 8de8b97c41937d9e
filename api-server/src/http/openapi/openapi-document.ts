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
import { operatingPaths } from './openapi-operating.ts';
import {
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
      license: { name: 'MIT', identifier: 'MIT' },
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
      ...operatingPaths(),
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
      'Scope `publish`. `json` takes the place of `message`: its text is stored and delivered. Unknown fields are ignored. With an `Idempotency-Key`, a retry with the same message and target returns the first answer; with another message or target it is refused.',
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
          // Without idempotency keys: viewers send the example, and the second time it would store nothing.
          example: { messages: [EXAMPLE_MESSAGE, { ...EXAMPLE_MESSAGE, targetId: 2 }] },
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
      "Scope `read`, or the client's own token; for a group the token of a member, which reads from its join on. A target without messages has head 0. To continue, send the last `offset` as `after`, with its `epoch`. To read back, start with `before=head` and send the first `offset` as `before`, until it is 1 or `truncatedBefore` is not null.",
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

import { CLOSE_CODES, FRAME_ERRORS, mayReconnect } from '@postline/protocol';
import { type Schema, VERSION } from '@postline/service-runtime';
import {
  CLIENT_FRAMES,
  type ClientFrameDescription,
  CLOSE_REASONS,
  RELAY_FRAMES,
  type RelayFrameDescription,
} from './frame-descriptions.ts';
import { createFrameSchemas } from './frame-schemas.ts';

/** In the document until a request names the host that it came to. */
const EXAMPLE_HOST = 'localhost:3000';
const CHANNEL = '#/channels/socket';

interface Reference {
  readonly $ref: string;
}

/** A message of AsyncAPI, of which the page shows these parts. */
export interface FrameMessage {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly payload: Schema;
  readonly examples: readonly { readonly payload: unknown }[];
}

export interface FrameOperation {
  /** What the relay does. */
  readonly action: 'send' | 'receive';
  readonly channel: Reference;
  readonly title: string;
  readonly summary: string;
  readonly messages: readonly Reference[];
  readonly reply?: { readonly channel: Reference; readonly messages: readonly Reference[] };
}

/** A code of the protocol or of RFC 6455 with which the relay closes a connection. */
export interface CloseCodeEntry {
  readonly code: number;
  readonly reason: string;
  readonly reconnect: boolean;
}

/** The parts of the document that the page shows. */
export type AsyncApiDocument = ReturnType<typeof createAsyncApiDocument>;

/** Describes the relay's WebSocket (AsyncAPI 3.0), from the schemas of its frames. */
export function createAsyncApiDocument(host = EXAMPLE_HOST) {
  const { ofClient, ofRelay, shared } = createFrameSchemas();
  const security = [{ $ref: '#/components/securitySchemes/clientToken' }];
  const messages: Record<string, FrameMessage> = {};
  const operations: Record<string, FrameOperation> = {};
  for (const [type, schema] of ofClient) {
    const description = CLIENT_FRAMES[type as keyof typeof CLIENT_FRAMES];
    const key = clientMessageKey(type);
    messages[key] = messageOf(type, schema, description);
    operations[key] = clientOperation(key, messages[key], description.answers);
  }
  for (const [type, schema] of ofRelay) {
    const description = RELAY_FRAMES[type as keyof typeof RELAY_FRAMES];
    messages[type] = messageOf(type, schema, description);
    if (description.isSentUnasked) operations[`send_${type}`] = relayOperation(type, messages[type]);
  }
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Postline relay',
      version: VERSION,
      license: { name: 'MIT' },
      description:
        'Delivers the messages of targets over a WebSocket. Each frame is a JSON object in a text message. Unknown fields are ignored in both directions.',
    },
    defaultContentType: 'application/json',
    servers: {
      plain: { host, protocol: 'ws', description: 'Without TLS.', security },
      tls: { host, protocol: 'wss', description: 'Behind a proxy that terminates TLS.', security },
    },
    channels: {
      socket: {
        address: '/',
        title: 'The WebSocket',
        description: `The relay accepts WebSockets on any path. ${closeCodeText()}`,
        messages: Object.fromEntries(
          Object.keys(messages).map((key) => [key, { $ref: `#/components/messages/${key}` }]),
        ),
        bindings: { ws: { method: 'GET', bindingVersion: '0.1.0' } },
        'x-close-codes': closeCodes(),
        'x-error-codes': FRAME_ERRORS,
      },
    },
    operations,
    components: {
      messages,
      schemas: shared,
      securitySchemes: {
        clientToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            'With `AUTH=required`. Not a header: pages cannot set one for a WebSocket, so the token is the field `token` of `identify`, and of `token` before it expires.',
        },
      },
    },
  };
}

/** The document as text for a request to this host. */
export function createAsyncApiText(): (host: string) => string {
  const [before = '', ...after] = JSON.stringify(createAsyncApiDocument('\0')).split('"\\u0000"');
  return (host) => [before, ...after].join(JSON.stringify(host));
}

/** Both sides have a frame `history`; the keys of a document must differ. */
function clientMessageKey(type: string): string {
  return Object.hasOwn(RELAY_FRAMES, type) ? `${type}_request` : type;
}

function messageOf(
  type: string,
  { description: summary = '', ...payload }: Schema,
  { title, examples }: ClientFrameDescription<object> | RelayFrameDescription<object>,
): FrameMessage {
  return { name: type, title, summary, payload, examples: examples.map((example) => ({ payload: example })) };
}

function clientOperation(
  key: string,
  { title, summary }: FrameMessage,
  answers: readonly string[],
): FrameOperation {
  return {
    action: 'receive',
    channel: { $ref: CHANNEL },
    title,
    summary,
    messages: [inChannel(key)],
    reply: { channel: { $ref: CHANNEL }, messages: answers.map(inChannel) },
  };
}

function relayOperation(type: string, { title, summary }: FrameMessage): FrameOperation {
  return { action: 'send', channel: { $ref: CHANNEL }, title, summary, messages: [inChannel(type)] };
}

function inChannel(key: string): Reference {
  return { $ref: `${CHANNEL}/messages/${key}` };
}

function closeCodes(): readonly CloseCodeEntry[] {
  return Object.entries(CLOSE_CODES).map(([name, code]) => ({
    code,
    reason: CLOSE_REASONS[name as keyof typeof CLOSE_CODES],
    reconnect: mayReconnect(code),
  }));
}

function closeCodeText(): string {
  const rows = closeCodes().map(
    ({ code, reason, reconnect }) => `| ${code} | ${reason} | ${reconnect ? 'yes' : 'no'} |`,
  );
  return [
    'The range of a close code says whether to reconnect, after a random wait: 4000-4499, 1001, 1005, 1006, 1011, 1012 and 1013 mean yes; 4500-4999, 1008 and 1009 mean no.',
    '',
    '| code | reason | reconnect |',
    '| --- | --- | --- |',
    ...rows,
  ].join('\n');
}

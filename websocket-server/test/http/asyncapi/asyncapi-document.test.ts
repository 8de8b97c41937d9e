import { Parser } from '@asyncapi/parser';
import {
  clientFrameSchema,
  CLOSE_CODES,
  FRAME_ERRORS,
  parseClientFrame,
  relayFrameSchema,
} from '@postline/protocol';
import { describe, expect, it } from 'vitest';
import {
  createAsyncApiDocument,
  createAsyncApiText,
  type FrameMessage,
} from '../../../src/http/asyncapi/asyncapi-document.ts';

const document = createAsyncApiDocument();
const { messages } = document.components;

const ofClient = clientFrameSchema.options.map(({ shape }) => shape.type.value);
const ofRelay = relayFrameSchema.options.map(({ shape }) => shape.type.value);

function messagesOf(action: 'receive' | 'send'): FrameMessage[] {
  const sentByClient = new Set(
    Object.entries(document.operations)
      .filter(([, operation]) => operation.action === 'receive')
      .map(([key]) => key),
  );
  const isOf = (key: string) => sentByClient.has(key) === (action === 'receive');
  return Object.entries(messages).flatMap(([key, message]) => (isOf(key) ? [message] : []));
}

/** Only a bound for a failure: the parser works for seconds, and longer on a busy machine. */
const PARSER_MS = 120_000;

describe('the AsyncAPI document', () => {
  // 3.0 is what most tools read; that 3.1 exists is all that the parser mentions.
  it(
    '[DOC-5] is valid for the official parser, without a warning',
    async () => {
      const { document: parsed, diagnostics } = await new Parser().parse(
        createAsyncApiText()('relay.example:3000'),
      );
      const found = diagnostics.filter(({ code }) => code !== 'asyncapi-latest-version');
      expect(found.map(({ code, message, path }) => `${code}: ${message} (${path.join('.')})`)).toEqual([]);
      expect(parsed?.version()).toBe('3.0.0');
      expect(parsed?.allMessages().all()).toHaveLength(ofClient.length + ofRelay.length);
    },
    PARSER_MS,
  );

  it('[DOC-5] has every frame of both directions, and nothing else', () => {
    expect(messagesOf('receive').map(({ name }) => name)).toEqual(ofClient);
    expect(messagesOf('send').map(({ name }) => name)).toEqual(ofRelay);
    for (const { summary, payload } of Object.values(messages)) {
      expect(summary).not.toBe('');
      expect(payload.type).toBe('object');
    }
  });

  it.each(
    messagesOf('receive').flatMap(({ name, examples }) =>
      examples.map((example) => [name, example] as const),
    ),
  )('[DOC-5] the relay takes the example of %s', (name, { payload }) => {
    expect(parseClientFrame(JSON.stringify(payload))).toMatchObject({ type: name });
  });

  it.each(
    messagesOf('send').flatMap(({ name, examples }) => examples.map((example) => [name, example] as const)),
  )('[DOC-5] the example of %s is a frame of the relay', (name, { payload }) => {
    expect(relayFrameSchema.parse(payload)).toMatchObject({ type: name });
  });

  it('[DOC-5] a frame of the client names what answers it', () => {
    const { history_request: history, ack } = document.operations;
    expect(history?.reply?.messages).toEqual([
      { $ref: '#/channels/socket/messages/history' },
      { $ref: '#/channels/socket/messages/error' },
    ]);
    expect(ack?.reply?.messages).toEqual([{ $ref: '#/channels/socket/messages/error' }]);
  });

  it('[DOC-5] has every close code, with what a client does, and every error', () => {
    const { 'x-close-codes': codes, 'x-error-codes': errors, description } = document.channels.socket;
    expect(codes.map(({ code }) => code)).toEqual(Object.values(CLOSE_CODES));
    expect(codes.find(({ code }) => code === 4003)).toMatchObject({ reconnect: true });
    expect(codes.find(({ code }) => code === 4510)).toMatchObject({ reconnect: false });
    for (const { code } of codes) expect(description).toContain(`| ${code} |`);
    expect(errors).toEqual(FRAME_ERRORS);
  });

  it('[DOC-5] names the host that a request came to', () => {
    const { servers } = JSON.parse(createAsyncApiText()('push.example')) as typeof document;
    expect([servers.plain.host, servers.tls.host]).toEqual(['push.example', 'push.example']);
  });
});

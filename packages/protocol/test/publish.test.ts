import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  idempotencyKeySchema,
  publishBatchSchemaFor,
  publishRequestSchemaFor,
  publishedBatchSchema,
  publishedMessageSchema,
} from '../src/index.ts';

type SchemaFor = (value: unknown) => z.ZodType;

function parse<Schema extends z.ZodType>(schemaFor: (value: unknown) => Schema, value: unknown) {
  return schemaFor(value).parse(value);
}

function reasons(schemaFor: SchemaFor, value: unknown): string[] {
  const parsed = schemaFor(value).safeParse(value);
  return parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

describe('publish request', () => {
  it('[PUB-2] is what the proof of concept sent', () => {
    expect(parse(publishRequestSchemaFor, { message: 'Hello Client 1!', targetId: 1 })).toEqual({
      message: 'Hello Client 1!',
      targetId: '1',
    });
  });

  it('[PRO-3] unknown fields are ignored, whatever is in them', () => {
    const body = JSON.parse(
      '{"message":"m","targetId":"1","id":7,"__proto__":{"message":"x"},"constructor":null}',
    );
    expect(parse(publishRequestSchemaFor, body)).toEqual({ message: 'm', targetId: '1' });
  });

  it.each([null, [], 'x', 1, true])('[PUB-10] %j is no request', (value) => {
    expect(reasons(publishRequestSchemaFor, value)).toEqual([
      ': must be a JSON object with "message" (or "json") and "targetId"',
    ]);
  });

  it('[PUB-10] everything that is wrong is said at once', () => {
    expect(reasons(publishRequestSchemaFor, {})).toEqual(['message: is required', 'targetId: is required']);
    expect(reasons(publishRequestSchemaFor, { message: null, targetId: 1.5 })).toEqual([
      'message: must be a string',
      'targetId: must be an integer from 0 to 9007199254740991',
    ]);
  });

  it('[PUB-17] `json` takes the place of `message`: its text is the message', () => {
    const json = { order: 1042, lines: ['a', null, true, 1.5], é: '\u2028' };
    expect(parse(publishRequestSchemaFor, { json, targetId: 1 })).toEqual({
      message: JSON.stringify(json),
      targetId: '1',
    });
    const parsed = parse(publishBatchSchemaFor, {
      messages: [
        { json: null, targetId: 1, idempotencyKey: 'k' },
        { message: 'null', targetId: 1 },
      ],
    });
    expect(parsed.messages).toEqual([
      { message: 'null', targetId: '1', idempotencyKey: 'k' },
      { message: 'null', targetId: '1' },
    ]);
  });

  it('[PUB-17] exactly one of the two', () => {
    expect(reasons(publishRequestSchemaFor, { message: 'm', json: 1, targetId: 1 })).toEqual([
      'json: must be left out if "message" is given',
    ]);
    expect(reasons(publishRequestSchemaFor, { message: 'm', json: null, targetId: 1 })).toEqual([
      'json: must be left out if "message" is given',
    ]);
    expect(reasons(publishRequestSchemaFor, { targetId: 1 })).toEqual(['message: is required']);
    expect(
      reasons(publishBatchSchemaFor, {
        messages: [{ targetId: 1 }, { message: 'm', json: 1, targetId: 1 }],
      }),
    ).toEqual(['messages.0.message: is required', 'messages.1.json: must be left out if "message" is given']);
  });

  it('[PUB-10] any JSON gives a result, never an exception', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const schemaFor of [publishRequestSchemaFor, publishBatchSchemaFor]) {
          expect(() => reasons(schemaFor, value)).not.toThrow();
          expect(() =>
            reasons(schemaFor, { message: value, targetId: value, messages: value }),
          ).not.toThrow();
          expect(() =>
            reasons(schemaFor, { json: value, targetId: 1, messages: [{ json: value }] }),
          ).not.toThrow();
        }
      }),
    );
  });

  it('[PUB-10] a body nested 49,000 deep is refused like any other (trap 24)', () => {
    const nested: unknown = JSON.parse('['.repeat(49_000) + ']'.repeat(49_000));
    for (const body of [nested, { message: nested, targetId: nested }, { json: nested, targetId: 1 }]) {
      expect(reasons(publishRequestSchemaFor, body).length).toBeGreaterThan(0);
    }
    expect(reasons(publishBatchSchemaFor, { messages: nested })).toEqual([
      'messages.0: must be an object with "message" (or "json") and "targetId"',
    ]);
  });
});

describe('batch request', () => {
  const message = { message: 'm', targetId: 1 };

  it('[PUB-4] holds 1 to 1,000 messages, in order', () => {
    const messages = Array.from({ length: 1_000 }, (_, index) => ({ message: `m${index}`, targetId: index }));
    const parsed = parse(publishBatchSchemaFor, { messages });
    expect(parsed.messages.map(({ targetId }) => targetId)).toEqual(
      messages.map(({ targetId }) => `${targetId}`),
    );
    expect(reasons(publishBatchSchemaFor, { messages: [] })).toEqual([
      'messages: must hold at least one message',
    ]);
    expect(reasons(publishBatchSchemaFor, { messages: [...messages, message] })).toEqual([
      'messages: must hold at most 1000 messages',
    ]);
  });

  it('[PUB-10] names the place of each fault', () => {
    const messages = [message, 1, { message: 'm', targetId: -1, idempotencyKey: '' }];
    expect(reasons(publishBatchSchemaFor, { messages })).toEqual([
      'messages.1: must be an object with "message" (or "json") and "targetId"',
      'messages.2.targetId: must be an integer from 0 to 9007199254740991',
      'messages.2.idempotencyKey: must be 1 to 255 visible ASCII characters',
    ]);
    expect(reasons(publishBatchSchemaFor, [message])).toEqual([': must be a JSON object with "messages"']);
    expect(reasons(publishBatchSchemaFor, {})).toEqual(['messages: must be an array of messages']);
  });

  it('[PUB-10] four million entries are one fault, not four million', () => {
    const messages = new Array(4_000_000).fill(1);
    expect(reasons(publishBatchSchemaFor, { messages })).toEqual([
      'messages: must hold at most 1000 messages',
    ]);
  });
});

describe('idempotency key', () => {
  it('[PUB-5] is 1 to 255 visible ASCII characters', () => {
    for (const key of ['a', '!', '~', 'order-1042-shipped', 'x'.repeat(255)]) {
      expect(idempotencyKeySchema.parse(key)).toBe(key);
    }
    for (const key of ['', ' ', 'a b', 'a\n', 'é', '\u007f', 'x'.repeat(256)]) {
      expect(reasons(() => idempotencyKeySchema, key)).toEqual([
        ': must be 1 to 255 visible ASCII characters',
      ]);
    }
    expect(reasons(() => idempotencyKeySchema, 1)).toEqual([': must be a string']);
  });
});

describe('answers', () => {
  const published = {
    id: '1024',
    targetId: '1',
    offset: 58,
    createdAt: '2026-11-23T00:00:00.000Z',
    status: 'sent',
  };

  it('[PUB-2] have the fields of the contract', () => {
    expect(publishedMessageSchema.parse(published)).toEqual(published);
    expect(publishedMessageSchema.parse({ ...published, status: 'stored' }).status).toBe('stored');
    expect(publishedMessageSchema.safeParse({ ...published, status: 'queued' }).success).toBe(false);
    const messages = [published, { ...published, replayed: true }];
    expect(publishedBatchSchema.parse({ messages })).toEqual({ messages });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  idempotencyKeySchema,
  publishBatchRequestSchema,
  publishRequestSchema,
  publishedBatchSchema,
  publishedMessageSchema,
} from '../src/index.ts';

function reasons(schema: z.ZodType, value: unknown): string[] {
  const parsed = schema.safeParse(value);
  return parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

describe('publish request', () => {
  it('[PUB-2] is what the proof of concept sent', () => {
    expect(publishRequestSchema.parse({ message: 'Hello Client 1!', targetId: 1 })).toEqual({
      message: 'Hello Client 1!',
      targetId: '1',
    });
  });

  it('[PRO-3] unknown fields are ignored, whatever is in them', () => {
    const body = JSON.parse(
      '{"message":"m","targetId":"1","id":7,"__proto__":{"message":"x"},"constructor":null}',
    );
    expect(publishRequestSchema.parse(body)).toEqual({ message: 'm', targetId: '1' });
  });

  it.each([null, [], 'x', 1, true])('[PUB-10] %j is no request', (value) => {
    expect(reasons(publishRequestSchema, value)).toEqual([
      ': must be a JSON object with "message" and "targetId"',
    ]);
  });

  it('[PUB-10] everything that is wrong is said at once', () => {
    expect(reasons(publishRequestSchema, {})).toEqual(['message: is required', 'targetId: is required']);
    expect(reasons(publishRequestSchema, { message: null, targetId: 1.5 })).toEqual([
      'message: must be a string',
      'targetId: must be an integer from 0 to 9007199254740991',
    ]);
  });

  it('[PUB-10] any JSON gives a result, never an exception', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const schema of [publishRequestSchema, publishBatchRequestSchema]) {
          expect(() => schema.safeParse(value)).not.toThrow();
          expect(() => schema.safeParse({ message: value, targetId: value, messages: value })).not.toThrow();
        }
      }),
    );
  });

  it('[PUB-10] a body nested 49,000 deep is refused like any other (trap 24)', () => {
    const nested: unknown = JSON.parse('['.repeat(49_000) + ']'.repeat(49_000));
    for (const body of [nested, { message: nested, targetId: nested }]) {
      expect(reasons(publishRequestSchema, body).length).toBeGreaterThan(0);
    }
    expect(reasons(publishBatchRequestSchema, { messages: nested })).toEqual([
      'messages.0: must be an object with "message" and "targetId"',
    ]);
  });
});

describe('batch request', () => {
  const message = { message: 'm', targetId: 1 };

  it('[PUB-4] holds 1 to 1,000 messages, in order', () => {
    const messages = Array.from({ length: 1_000 }, (_, index) => ({ message: `m${index}`, targetId: index }));
    const parsed = publishBatchRequestSchema.parse({ messages });
    expect(parsed.messages.map(({ targetId }) => targetId)).toEqual(
      messages.map(({ targetId }) => `${targetId}`),
    );
    expect(reasons(publishBatchRequestSchema, { messages: [] })).toEqual([
      'messages: must hold at least one message',
    ]);
    expect(reasons(publishBatchRequestSchema, { messages: [...messages, message] })).toEqual([
      'messages: must hold at most 1000 messages',
    ]);
  });

  it('[PUB-10] names the place of each fault', () => {
    const messages = [message, 1, { message: 'm', targetId: -1, idempotencyKey: '' }];
    expect(reasons(publishBatchRequestSchema, { messages })).toEqual([
      'messages.1: must be an object with "message" and "targetId"',
      'messages.2.targetId: must be an integer from 0 to 9007199254740991',
      'messages.2.idempotencyKey: must be 1 to 255 visible ASCII characters',
    ]);
    expect(reasons(publishBatchRequestSchema, [message])).toEqual([
      ': must be a JSON object with "messages"',
    ]);
    expect(reasons(publishBatchRequestSchema, {})).toEqual(['messages: must be an array of messages']);
  });

  it('[PUB-10] four million entries are one fault, not four million', () => {
    const messages = new Array(4_000_000).fill(1);
    expect(reasons(publishBatchRequestSchema, { messages })).toEqual([
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
      expect(reasons(idempotencyKeySchema, key)).toEqual([': must be 1 to 255 visible ASCII characters']);
    }
    expect(reasons(idempotencyKeySchema, 1)).toEqual([': must be a string']);
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

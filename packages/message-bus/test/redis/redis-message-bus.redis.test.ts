import { randomUUID } from 'node:crypto';
import { describe, expect, inject, it } from 'vitest';
import { createRedisMessageBus } from '../../src/redis/index.ts';
import { describeMessageBus } from '../message-bus-contract.ts';

describeMessageBus('redis', () =>
  createRedisMessageBus({ redisUrl: inject('redisUrl'), prefix: `${randomUUID()}:` }),
);

describe('createRedisMessageBus', () => {
  it('refuses a URL of another kind', () => {
    expect(() => createRedisMessageBus({ redisUrl: 'http://127.0.0.1', prefix: '' })).toThrow(TypeError);
  });
});

import supertest from 'supertest';
import { expect, it } from 'vitest';
import { keyDigest } from '@postline/publisher-keys';
import { startTestApi } from '../support/start-test-api.ts';

const REQUIRED = {
  AUTH: 'required',
  CLIENT_TOKEN_SECRET: 'Zq3vN8rT1yW6uE0pL5kJ9hG2fD7sA4xC',
  PUBLISH_KEYS: ['a', 'b'].map((name) => `${name}:${keyDigest(`${name}-key`)}`).join(','),
};

async function withApi(env: Record<string, string>, use: (url: string) => Promise<void>): Promise<void> {
  const api = await startTestApi({ env });
  await use(api.url);
  await api.close();
}

/** The statuses of so many publishes; where one was refused, that it said when to come back and nothing was stored. */
async function publish(url: string, count: number, headers: Record<string, string> = {}): Promise<number[]> {
  const statuses: number[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    const answer = await supertest(url).post('/').set(headers).send({ message: 'm', targetId: '1' });
    statuses.push(answer.status);
    if (answer.status === 429) {
      expect(answer.body).toMatchObject({ code: 'rate_limited' });
      expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    }
  }
  return statuses;
}

it('[SEC-7] is bounded for each key', async () => {
  await withApi({ ...REQUIRED, PUBLISH_RATE_PER_KEY: '2' }, async (url) => {
    const statuses = await publish(url, 12, { Authorization: 'Bearer a-key' });
    expect(statuses.slice(0, 2)).toEqual([201, 201]);
    expect(statuses.at(-1)).toBe(429);
    expect(await publish(url, 1, { Authorization: 'Bearer b-key' })).toEqual([201]);
  });
});

it('[SEC-7] counts the messages of a batch, and admits a batch larger than the rate', async () => {
  await withApi({ ...REQUIRED, PUBLISH_RATE_PER_KEY: '5' }, async (url) => {
    const messages = Array.from({ length: 100 }, () => ({ message: 'm', targetId: '1' }));
    const send = () =>
      supertest(url).post('/messages/batch').set('Authorization', 'Bearer a-key').send({ messages });
    expect((await send()).status).toBe(201);
    const second = await send();
    expect(second.status).toBe(429);
    expect(Number(second.headers['retry-after'])).toBeGreaterThan(10);
  });
});

it('[SEC-7] is bounded for each address, in open mode if it is set', async () => {
  await withApi({ PUBLISH_RATE_PER_ADDRESS: '2' }, async (url) => {
    const statuses = await publish(url, 12);
    expect(statuses[0]).toBe(201);
    expect(statuses.at(-1)).toBe(429);
  });
});

it('[SEC-9] [SEC-7] uses the address reported by a trusted proxy only', async () => {
  await withApi({ PUBLISH_RATE_PER_ADDRESS: '1', TRUSTED_PROXIES: '127.0.0.1' }, async (url) => {
    for (const address of ['203.0.113.1', '203.0.113.2', '2001:db8:1::1', '2001:db8:2::1']) {
      expect(await publish(url, 1, { 'X-Forwarded-For': address })).toEqual([201]);
    }
    expect((await publish(url, 5, { 'X-Forwarded-For': '203.0.113.2' })).at(-1)).toBe(429);
  });
  await withApi({ PUBLISH_RATE_PER_ADDRESS: '1' }, async (url) => {
    const statuses: number[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      statuses.push(...(await publish(url, 1, { 'X-Forwarded-For': `203.0.113.${turn}` })));
    }
    expect(statuses.at(-1)).toBe(429);
  });
});

import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../support/start-test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(async () => {
  await api.close();
});

describe('addresses', () => {
  it.each([
    ['GET', '/', 'POST, OPTIONS'],
    ['PUT', '/', 'POST, OPTIONS'],
    ['DELETE', '/messages', 'POST, OPTIONS'],
    ['GET', '/messages/batch', 'POST, OPTIONS'],
    ['POST', '/targets/1/messages', 'GET, HEAD, OPTIONS'],
    ['POST', '/healthz', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/metrics', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/docs', 'GET, HEAD, OPTIONS'],
  ])('[PUB-10] %s %s: method_not_allowed with Allow', async (method, path, allow) => {
    const answer = await fetch(`${api.url}${path}`, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.headers.get('allow')).toBe(allow);
    expect(await answer.json()).toMatchObject({ code: 'method_not_allowed', status: 405 });
  });

  it('OPTIONS returns the methods', async () => {
    const answer = await fetch(`${api.url}/messages`, { method: 'OPTIONS' });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('allow')).toBe('POST, OPTIONS');
    expect(answer.headers.has('content-length')).toBe(false);
  });

  it.each([
    ['POST', '/message'],
    ['POST', '/Messages'],
    ['POST', '/messages/'],
    ['GET', '/targets/1'],
    ['GET', '/targets//messages'],
    ['GET', '/docs/../../package.json'],
    ['GET', '/docs/%2e%2e%2fpackage.json'],
    ['OPTIONS', '/nowhere'],
    ['GET', '/%'],
    ['GET', '/.git/config'],
  ])('[PUB-10] %s %s: not_found', async (method, path) => {
    const answer = await fetch(`${api.url}${path}`, { method });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      404,
      'application/problem+json; charset=utf-8',
    ]);
    expect(await answer.json()).toMatchObject({ code: 'not_found', status: 404 });
  });
});

it('answers are neither cached nor sniffed nor framed, and do not name the framework', async () => {
  const answers = await Promise.all([
    supertest(api.url).post('/').send({ message: 'a', targetId: 1 }),
    supertest(api.url).get('/nowhere'),
    supertest(api.url).get('/targets/1/messages'),
    supertest(api.url).get('/readyz'),
  ]);
  for (const { headers } of answers) {
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
    });
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('strict-transport-security');
    expect(headers).not.toHaveProperty('etag');
  }
});

it('[PUB-10] a mistake of ours is internal_error without a stack, and its stack is in the log', async () => {
  const broken = await startTestApi({
    store: { readLog: () => Promise.reject(new TypeError('a mistake')) },
  });
  const response = await supertest(broken.url).get('/targets/1/messages').set('X-Request-Id', 'find-me');
  expect(response.status).toBe(500);
  expect(response.type).toBe('application/problem+json');
  expect(response.body.code).toBe('internal_error');
  expect(response.text).not.toMatch(/mistake|at .*\.ts/);
  const line = JSON.parse(broken.logLines.find((text) => text.includes('"level":"error"')) ?? '');
  expect(line).toMatchObject({ req: { id: 'find-me' }, err: { message: 'a mistake' } });
  expect(line.err.stack).toContain('TypeError');
  await broken.close();
});

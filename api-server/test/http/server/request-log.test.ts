import supertest from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../support/start-test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(async () => {
  await api.close();
});

interface RequestLine {
  readonly req?: { readonly id: string; readonly path: string };
}
const requestLines = () =>
  api.logLines.map((line) => JSON.parse(line) as RequestLine).filter(({ req }) => req !== undefined);

it('[PUB-12] no body, header, key or query string is ever logged', async () => {
  const secrets = {
    Authorization: 'Bearer secret-1',
    'Idempotency-Key': 'secret-2',
    Cookie: 'secret-3',
    'User-Agent': 'secret-4',
  };
  await supertest(api.url).post('/?token=secret-5').set(secrets).send({ message: 'secret-6', targetId: 1 });
  await supertest(api.url).post('/?token=secret-5').set(secrets).send({ message: 'secret-6', targetId: {} });
  await supertest(api.url).post('/').set(secrets).set('Content-Type', 'application/json').send('{"secret-6');
  await supertest(api.url)
    .post('/?secret-5')
    .set(secrets)
    .send({ message: 'secret-7', targetId: 1 })
    .expect(422);
  expect(requestLines().length).toBeGreaterThanOrEqual(4);
  expect(api.logLines.join('')).not.toContain('secret-');
});

it('each request has a line with its id, method, path, status and time, by how it went', async () => {
  const ok = await supertest(api.url).post('/messages?x=1').send({ message: 'a', targetId: 1 });
  const bad = await supertest(api.url).post('/messages').send({});
  const lineOf = (id: string | undefined) => requestLines().find(({ req }) => req?.id === id);
  expect(lineOf(ok.headers['x-request-id'])).toMatchObject({
    level: 'debug',
    service: 'api-server',
    req: { method: 'POST', path: '/messages', from: '127.0.0.1' },
    res: { status: 201 },
    milliseconds: expect.any(Number),
    msg: 'request',
  });
  expect(lineOf(bad.headers['x-request-id'])).toMatchObject({ level: 'info', res: { status: 400 } });
});

it('takes over a harmless X-Request-Id and makes its own instead of any other', async () => {
  const idFor = async (given: string): Promise<string> =>
    (await supertest(api.url).get('/healthz').set('X-Request-Id', given)).headers['x-request-id'] ?? '';
  expect(await idFor('trace-1.a_B')).toBe('trace-1.a_B');
  for (const given of ['a b', '<script>', 'x'.repeat(65), '"}'])
    expect(await idFor(given)).toMatch(/^[A-Za-z0-9_-]{12}\.[0-9]+$/);
});

it('a path is logged up to a bound', async () => {
  await supertest(api.url).get(`/${'x'.repeat(8_000)}`);
  expect(requestLines().at(-1)?.req?.path.length).toBe(200);
});

import { BusUnavailableError } from '@postline/message-bus';
import { StoreUnavailableError } from '@postline/message-store';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchange } from '../../support/exchange.ts';
import { startTestApi, type TestApi } from '../../support/start-test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(async () => {
  await api.close();
});

it('[OPS-3] /healthz shows that the process is alive', async () => {
  const response = await supertest(api.url).get('/healthz');
  expect([response.status, response.body]).toEqual([200, { status: 'ok' }]);
});

const UP = { status: 'up', since: expect.stringMatching(/^\d{4}-.*Z$/) as unknown };

it('[OPS-3] [OPS-4] /readyz shows each part, and warns of open mode', async () => {
  const response = await supertest(api.url).get('/readyz');
  expect(response.status).toBe(200);
  expect(response.body).toEqual({
    status: 'ready',
    parts: { database: UP, bus: UP },
    warnings: [expect.stringContaining('AUTH=open')],
  });
});

const refused = Object.assign(new Error('s3cr3t'), { code: 'ECONNREFUSED' });
const BUS_DOWN = { status: 'down', reason: 'connection refused (ECONNREFUSED)' };
const DATABASE_DOWN = { status: 'down', reason: 'nothing listens at the address of the database' };
const busAway = () => Promise.reject(new BusUnavailableError('away', refused));
const awayPublisher = {
  publish: busAway,
  notify: busAway,
  checkReady: busAway,
  close: () => Promise.resolve(),
};

it('[OPS-3] [OPS-9] /readyz is 503 and shows why the database is down; the log says so once', async () => {
  const broken = await startTestApi({
    store: { checkReady: () => Promise.reject(new StoreUnavailableError('away', refused)) },
    publisher: awayPublisher,
  });
  const response = await supertest(broken.url).get('/readyz');
  expect(response.status).toBe(503);
  expect(response.headers['retry-after']).toBe('1');
  expect(response.body).toMatchObject({
    status: 'not_ready',
    parts: { database: DATABASE_DOWN, bus: BUS_DOWN },
  });
  expect((await supertest(broken.url).get('/healthz')).status).toBe(200);
  const warnings = broken.logLines.filter((line) => line.includes('"level":"warn"'));
  expect(warnings).toHaveLength(2);
  expect(warnings.join('')).not.toContain('s3cr3t');
  await broken.close();
});

it('[OPS-3] /readyz is 200 and degraded if only the bus is down: publishing works', async () => {
  const degraded = await startTestApi({ publisher: awayPublisher });
  const response = await supertest(degraded.url).get('/readyz');
  expect([response.status, response.body.status]).toEqual([200, 'degraded']);
  const stored = await supertest(degraded.url).post('/').send({ message: 'a', targetId: 1 });
  expect([stored.status, stored.body.status]).toEqual([201, 'stored']);
  await degraded.close();
});

it('[OPS-10] until its database is ready the API answers probes; other requests wait, and are answered with 503', async () => {
  const starting = await startTestApi({ isOpen: false, startHoldMs: 20 });
  expect((await supertest(starting.url).get('/healthz')).status).toBe(200);
  expect((await supertest(starting.url).get('/metrics')).status).toBe(200);
  expect((await supertest(starting.url).get('/docs')).status).toBe(200);
  const readiness = await supertest(starting.url).get('/readyz');
  expect([readiness.status, readiness.body]).toMatchObject([
    503,
    { status: 'not_ready', parts: { database: { status: 'down', reason: 'the service is starting' } } },
  ]);
  for (const request of [
    supertest(starting.url).post('/').send({ message: 'a', targetId: 1 }),
    supertest(starting.url).post('/messages/batch').send({ messages: [] }),
    supertest(starting.url).get('/targets/1/messages'),
  ]) {
    const { status, body, headers } = await request;
    expect([status, body.code, headers['retry-after']]).toEqual([503, 'store_unavailable', '1']);
  }
  expect(starting.logLines.filter((line) => line.includes("can't be used"))).toEqual([]);
  await starting.close();
});

it('[OPS-10] requests that wait for the start are handled when it is over', async () => {
  const starting = await startTestApi({ isOpen: false });
  const requests = [
    supertest(starting.url).post('/').send({ message: 'a', targetId: 1 }),
    supertest(starting.url).get('/targets/1/messages'),
  ].map((request) => request.then(({ status }) => status));
  expect((await supertest(starting.url).get('/readyz')).status).toBe(503); // probes do not wait
  starting.open();
  expect(await Promise.all(requests)).toEqual([201, 200]);
  await starting.close();
});

describe('[OPS-8] probes', () => {
  const statusOf = async (text: string, port = api.port) =>
    (await exchange(port, text)).split('\r\n')[0]?.split(' ')[1];

  it.each([
    'GET /healthz HTTP/1.0\r\n\r\n',
    'GET /readyz HTTP/1.0\r\n\r\n',
    'HEAD /readyz HTTP/1.0\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n',
    'GET /readyz?from=lb HTTP/1.1\r\nConnection: close\r\n\r\n',
    'GET /readyz HTTP/1.1\r\nHost: lb.internal.example\r\nConnection: close\r\n\r\n',
  ])('are answered whatever their Host: %j', async (text) => {
    expect(await statusOf(text)).toBe('200');
  });

  it.each([
    ['GET /metrics HTTP/1.0\r\n\r\n', '403'],
    ['POST /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', '403'],
    ['GET /healthz/x HTTP/1.1\r\nConnection: close\r\n\r\n', '403'],
    ['POST / HTTP/1.1\r\nConnection: close\r\n\r\n', '403'],
  ])('nothing else is, in open mode: %j', async (text, status) => {
    expect(await statusOf(text)).toBe(status);
  });

  it('from a page of a foreign origin are refused', async () => {
    const origin = 'Origin: https://evil.example\r\nConnection: close\r\n\r\n';
    const answer = await exchange(api.port, `GET /readyz HTTP/1.1\r\nHost: localhost\r\n${origin}`);
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).not.toMatch(/access-control-allow-origin/i);
  });

  it('with AUTH=required, HTTP/1.1 requests need a Host, except probes', async () => {
    const closed = await startTestApi({
      env: { AUTH: 'required', CLIENT_TOKEN_SECRET: 'a-secret-of-32-bytes-for-the-test-0123' },
    });
    const withoutHost = (path: string) => `GET ${path} HTTP/1.1\r\nConnection: close\r\n\r\n`;
    expect(await statusOf(withoutHost('/metrics'), closed.port)).toBe('400');
    expect(await statusOf(withoutHost('/readyz'), closed.port)).toBe('200');
    await closed.close();
  });
});

it('[OPS-3] /metrics speaks Prometheus, without ids', async () => {
  for (const targetId of ['private-name', 'private-name']) {
    await supertest(api.url).post('/').set('Idempotency-Key', 'private-key').send({ message: 'a', targetId });
  }
  await supertest(api.url).get('/targets/private-name/messages');
  await supertest(api.url).get('/private-name');
  const { text, headers } = await supertest(api.url).get('/metrics');
  expect(headers['content-type']).toMatch(/^text\/plain/);
  for (const line of [
    /^postline_http_requests_total\{route="\/ \/messages",method="POST",code="201",.*\} 2$/m,
    /^postline_http_requests_total\{route="\/targets\/:targetId\/messages",method="GET",code="200",.*\} 1$/m,
    /^postline_http_requests_total\{route="none",method="GET",code="404",.*\} 1$/m,
    /^postline_publishes_total\{outcome="published",.*\} 2$/m,
    /^postline_published_messages_total\{status="sent",replayed="true",.*\} 1$/m,
    /^postline_commit_requests_count\{.*\} 2$/m,
    /^postline_commit_waiting_requests\{.*\} 0$/m,
    /^postline_hints_published_total\{outcome="sent",.*\} 2$/m,
    /^process_cpu_seconds_total/m,
  ]) {
    expect(text).toMatch(line);
  }
  expect(text).not.toContain('private');
});

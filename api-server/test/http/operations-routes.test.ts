import { BusUnavailableError } from '@postline/message-bus';
import { StoreUnavailableError } from '@postline/message-store';
import supertest from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/start-test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(async () => {
  await api.close();
});

it('[OPS-3] /healthz tells that the process lives', async () => {
  const response = await supertest(api.url).get('/healthz');
  expect([response.status, response.body]).toEqual([200, { status: 'ok' }]);
});

it('[OPS-3] [OPS-4] /readyz tells each part, and warns of open mode', async () => {
  const response = await supertest(api.url).get('/readyz');
  expect(response.status).toBe(200);
  expect(response.body).toEqual({
    status: 'ready',
    parts: { database: 'ok', bus: 'ok' },
    warnings: [expect.stringContaining('AUTH=open')],
  });
});

it('[OPS-3] /readyz is 503 and names the part that does not answer', async () => {
  const away = () => Promise.reject(new BusUnavailableError('away'));
  const broken = await startTestApi({
    store: { checkReady: () => Promise.reject(new StoreUnavailableError('away', undefined)) },
    publisher: { publish: away, checkReady: away, close: () => Promise.resolve() },
  });
  const response = await supertest(broken.url).get('/readyz');
  expect(response.status).toBe(503);
  expect(response.body).toMatchObject({
    status: 'not_ready',
    parts: { database: 'unavailable (store_unavailable)', bus: 'unavailable (bus_unavailable)' },
  });
  expect((await supertest(broken.url).get('/healthz')).status).toBe(200);

  const stored = await supertest(broken.url).post('/').send({ message: 'a', targetId: 1 });
  expect([stored.status, stored.body.status]).toEqual([201, 'stored']);
  await broken.close();
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
    /^postline_hints_total\{outcome="sent",.*\} 2$/m,
    /^process_cpu_seconds_total/m,
  ]) {
    expect(text).toMatch(line);
  }
  expect(text).not.toContain('private');
});

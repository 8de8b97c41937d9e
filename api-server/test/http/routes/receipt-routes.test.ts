import { StoreUnavailableError } from '@postline/message-store';
import { problemSchema, receiptsSchema } from '@postline/protocol';
import supertest from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../support/start-test-api.ts';

let api: TestApi;
let epoch: string;
beforeAll(async () => {
  api = await startTestApi();
  const messages = Array.from({ length: 9 }, () => ({ message: 'm', targetId: 'bob:1@x' }));
  await supertest(api.url).post('/messages/batch').send({ messages }).expect(201);
  ({ epoch } = await api.store.readHeads([]));
});
afterAll(async () => {
  await api.close();
});

const read = (path: string) => supertest(api.url).get(`/targets/${path}`);

it('[ACK-7] tells for each device up to where and when, in the shape of the contract', async () => {
  const place = { clientId: 'bob:1@x', targetId: 'bob:1@x', epoch };
  await api.store.saveAcks([
    { ...place, deviceId: undefined, offset: 4 },
    { ...place, deviceId: 'phone', offset: 9 },
    { ...place, deviceId: 'kiosk', offset: 2 },
  ]);
  await api.store.openDevices([{ clientId: 'bob:1@x', deviceId: 'new', targetIds: ['bob:1@x'] }]);
  const response = await read('bob:1@x/receipts');
  expect(response.status).toBe(200);
  expect(response.type).toBe('application/json');
  expect(receiptsSchema.parse(response.body)).toEqual(response.body);
  const receipt = { clientId: 'bob:1@x', epoch, ackedAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) };
  expect(response.body).toEqual({
    targetId: 'bob:1@x',
    epoch,
    head: 9,
    receipts: [
      { ...receipt, deviceId: null, offset: 4 },
      { ...receipt, deviceId: 'kiosk', offset: 2 },
      { ...receipt, deviceId: 'phone', offset: 9 },
    ],
  });
});

it('[ACK-7] of a target that nobody wrote to there are none', async () => {
  const response = await read('nobody/receipts');
  expect([response.status, response.body]).toEqual([
    200,
    { targetId: 'nobody', epoch, head: 0, receipts: [] },
  ]);
});

it.each(['b%20b', '%C3%A9', '.bob', 'group:', 'x'.repeat(129), '%00', '__proto__', '%zz'])(
  '[PUB-10] /targets/%s/receipts: no target id',
  async (id) => {
    const response = await read(`${id}/receipts`);
    expect(response.status).toBe(400);
    expect(response.type).toBe('application/problem+json');
    expect(response.body.code).toBe('validation_failed');
  },
);

it('[PUB-10] another method is 405, and HEAD is GET without the body', async () => {
  const response = await supertest(api.url).delete('/targets/bob/receipts');
  expect([response.status, response.headers['allow']]).toEqual([405, 'GET, HEAD, OPTIONS']);
  expect(problemSchema.parse(response.body).code).toBe('method_not_allowed');
  const head = await supertest(api.url).head('/targets/bob/receipts');
  expect([head.status, head.text]).toEqual([200, undefined]);
});

it('[PUB-9] a database that is away: 503 with Retry-After', async () => {
  const away = await startTestApi({
    store: { readReceipts: () => Promise.reject(new StoreUnavailableError('reading receipts', undefined)) },
  });
  const response = await supertest(away.url).get('/targets/bob/receipts');
  expect([response.status, response.headers['retry-after']]).toEqual([503, '1']);
  expect(problemSchema.parse(response.body).code).toBe('store_unavailable');
  await away.close();
});

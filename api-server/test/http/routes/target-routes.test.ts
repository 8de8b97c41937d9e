import { StoreUnavailableError } from '@postline/message-store';
import { type LogEntry, logPageSchema, problemSchema, receiptsSchema } from '@postline/protocol';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../support/start-test-api.ts';

describe('GET /targets/:targetId/messages', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
    const messages = Array.from({ length: 250 }, (_, index) => ({
      message: `m${index + 1}`,
      targetId: 'bob:1@x',
    }));
    await supertest(api.url).post('/messages/batch').send({ messages }).expect(201);
  });
  afterAll(async () => {
    await api.close();
  });

  const read = (path: string) => supertest(api.url).get(`/targets/${path}`);

  it('[LOG-4] returns the published messages, oldest first, as the schema says', async () => {
    const message = 'emoji 😀, NUL \u0000, "quotes", space at the end ';
    const published = await supertest(api.url).post('/').send({ message, targetId: 'ann' });
    const { status, ...entry } = published.body;
    const response = await read('ann/messages');
    expect(status).toBe('sent');
    expect(response.status).toBe(200);
    expect(logPageSchema.parse(response.body)).toEqual(response.body);
    expect(response.body).toEqual({
      epoch: expect.stringMatching(/^\S{1,64}$/),
      head: 1,
      recovered: true,
      messages: [{ ...entry, data: message }],
      truncatedBefore: null,
    });
  });

  it('after defaults to 0 and limit to 100', async () => {
    const { body } = await read('bob:1@x/messages');
    expect(body).toMatchObject({ head: 250, recovered: true, truncatedBefore: null });
    const offsets = (body.messages as LogEntry[]).map(({ offset }) => offset);
    expect(offsets).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  });

  it('goes on from page to page to the end, ids percent-encoded too', async () => {
    const { body } = await read('bob%3A1%40x/messages?after=100&limit=1000');
    expect(body.messages).toHaveLength(150);
    expect((body.messages as LogEntry[]).at(-1)).toMatchObject({ offset: 250, data: 'm250' });
    const end = await read(`bob:1@x/messages?after=250&epoch=${body.epoch}`);
    expect(end.body).toMatchObject({ head: 250, recovered: true, messages: [] });
  });

  it('a target without messages: 200, head 0', async () => {
    const response = await read('nobody/messages');
    expect(response.status).toBe(200);
    expect(response.body).toMatchObject({ head: 0, recovered: true, messages: [], truncatedBefore: null });
  });

  it('[DEL-5] another epoch or a cursor beyond the head: recovered is false and the log starts over', async () => {
    for (const query of ['after=240&epoch=another', 'after=251', 'after=9007199254740991']) {
      const { body } = await read(`bob:1@x/messages?limit=2&${query}`);
      expect(body).toMatchObject({ recovered: false, head: 250, messages: [{ offset: 1 }, { offset: 2 }] });
    }
  });

  const readBack = async (query: string) => {
    const { body } = await read(`bob:1@x/messages?${query}`).expect(200);
    const page = logPageSchema.parse(body);
    expect(page).toEqual(body);
    const offsets = page.messages.map(({ offset }) => offset);
    expect(offsets).toEqual(offsets.map((_, index) => (offsets[0] ?? 0) + index));
    return { ...page, messages: undefined, from: offsets[0], to: offsets.at(-1), count: offsets.length };
  };

  it('[LOG-16] before: the last messages before an offset or the head, oldest first', async () => {
    const whole = { head: 250, recovered: true, truncatedBefore: null };
    expect(await readBack('before=head')).toMatchObject({ ...whole, from: 151, to: 250, count: 100 });
    expect(await readBack('before=head&limit=1000')).toMatchObject({
      ...whole,
      from: 1,
      to: 250,
      count: 250,
    });
    expect(await readBack('before=151&limit=150')).toMatchObject({ ...whole, from: 1, to: 150 });
    expect(await readBack('before=3&limit=1')).toMatchObject({ ...whole, from: 2, to: 2 });
    expect(await readBack('before=9007199254740991&limit=1')).toMatchObject({ ...whole, from: 250 });
    for (const nothing of ['before=1', 'before=0']) {
      expect(await readBack(nothing)).toMatchObject({ ...whole, count: 0 });
    }
    const unknown = await read('nobody/messages?before=head').expect(200);
    expect(unknown.body).toMatchObject({ head: 0, recovered: true, messages: [], truncatedBefore: null });
  });

  it('[DEL-5] before an offset of another epoch: recovered is false, up to what both epochs share', async () => {
    expect(await readBack('before=100&epoch=another')).toMatchObject({ recovered: false, count: 0 });
    expect(await readBack('before=head&epoch=another&limit=2')).toMatchObject({ recovered: false, to: 250 });
  });

  it.each([
    'after=0&before=5',
    'after=0&before=head',
    'before=',
    'before=-1',
    'before=1.5',
    'before=tail',
    'before=9007199254740992',
    'before=1&before=2',
    'before=head&limit=0',
    'after=-1',
    'after=1.5',
    'after=',
    'after=01',
    'after=0x10',
    'after=9007199254740992',
    'after=99999999999999999999',
    'limit=0',
    'limit=1001',
    'epoch=',
    `epoch=${'e'.repeat(65)}`,
    'after=1&after=2',
    'after[]=1',
    'after=1&limit[x]=2&limit=3&limit=4',
  ])('[PUB-10] ?%s', async (query) => {
    const response = await read(`bob/messages?${query}`);
    if (query === 'after[]=1') {
      expect(response.status).toBe(200); // the name of an unknown parameter, which is ignored
      return;
    }
    expect(response.status).toBe(400);
    expect(response.type).toBe('application/problem+json');
    expect(response.body.code).toBe('validation_failed');
  });

  it.each(['b%20b', '%C3%A9', '.bob', '%2Bbob', '%7Cbob', 'group:', 'x'.repeat(129), '%00', '__proto__'])(
    '[PUB-10] /targets/%s/messages: no target id',
    async (id) => {
      const response = await read(`${id}/messages`);
      expect(response.status).toBe(400);
      expect(response.body).toMatchObject({ code: 'validation_failed', errors: [{ path: 'targetId' }] });
    },
  );

  it.each(['%E0%A4%A', '%', '%zz'])('[PUB-10] malformed percent-encoding in the address: %s', async (id) => {
    const response = await read(`${id}/messages`);
    expect(response.status).toBe(400);
    expect(response.type).toBe('application/problem+json');
    expect(response.body).toMatchObject({ code: 'validation_failed', errors: [{ path: 'targetId' }] });
  });

  it.each([
    ['auth0|5f7c8ec7', 'auth0%7C5f7c8ec7', 'auth0%7c5f7c8ec7', 'auth0|5f7c8ec7'],
    ['user+tag@shop.example', 'user%2Btag%40shop.example', 'user+tag@shop.example'],
    ['_V1~St-GXR8', '_V1~St-GXR8', '%5fV1%7eSt%2dGXR8'],
    ['-1', '-1', '%2D1'],
  ])('[PRO-1] %s is one target, however its path is encoded', async (targetId, ...paths) => {
    await supertest(api.url).post('/').send({ message: 'here', targetId }).expect(201);
    for (const path of paths) {
      const { body } = await read(`${path}/messages`);
      expect(body.messages, path).toMatchObject([{ targetId, offset: 1, data: 'here' }]);
      expect((await read(`${path}/receipts`)).body, path).toMatchObject({ targetId, head: 1 });
    }
  });

  it('ids that name something in JavaScript are ordinary ids', async () => {
    for (const targetId of ['constructor', 'toString', 'hasOwnProperty']) {
      await supertest(api.url).post('/').send({ message: targetId, targetId }).expect(201);
      expect((await read(`${targetId}/messages`)).body.messages).toMatchObject([
        { offset: 1, data: targetId },
      ]);
    }
  });

  it('HEAD is GET without the body', async () => {
    const response = await supertest(api.url).head('/targets/bob/messages');
    expect(response.status).toBe(200);
    expect(Number(response.headers['content-length'])).toBeGreaterThan(50);
    expect(response.text).toBeUndefined();
  });
});

describe('GET /targets/:targetId/receipts', () => {
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

  it('[ACK-7] returns the offset and time of each device, as the schema says', async () => {
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

  it('[ACK-7] a target without messages has no receipts', async () => {
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
});

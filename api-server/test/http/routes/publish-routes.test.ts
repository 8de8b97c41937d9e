import { type MessageStore, StoreUnavailableError } from '@postline/message-store';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi, WAYS } from '../../support/start-test-api.ts';

describe.each(WAYS)('%s', (way) => {
  let api: TestApi;
  const heard: { targetId: string; frame: unknown }[] = [];

  beforeAll(async () => {
    api = await startTestApi({ way });
    const subscriber = api.bus.createSubscriber({
      onHint: (targetId, payload) => void heard.push({ targetId, frame: JSON.parse(payload) }),
      onState: () => undefined,
    });
    await Promise.all(['1', 'replay'].map((targetId) => subscriber.subscribe(targetId)));
  });
  afterAll(async () => {
    await api.close();
  });

  const post = (path: string, body: object, headers: Record<string, string> = {}) =>
    supertest(api.url).post(path).set(headers).send(body);
  const problem = (code: string, status: number) => ({
    status,
    type: 'application/problem+json',
    body: expect.objectContaining({
      code,
      status,
      type: expect.stringMatching(new RegExp(`^(\\.\\./)*problems/${code}$`)),
    }),
  });

  describe('one message', () => {
    it.each(['/', '/messages'])('[PUB-2] POST %s', async (path) => {
      const targetId = path === '/' ? 'root' : 'messages';
      const before = Date.now() - 1_000;
      const response = await post(path, { message: 'Hello Client 1!', targetId });
      expect(response.status).toBe(201);
      expect(response.type).toBe('application/json');
      expect(Object.keys(response.body as object)).toEqual([
        'id',
        'targetId',
        'offset',
        'createdAt',
        'status',
      ]);
      expect(response.body).toMatchObject({ targetId, offset: 1, status: 'sent' });
      expect(response.body.id).toMatch(/^\d+$/);
      expect(response.body.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(Date.parse(String(response.body.createdAt))).toBeGreaterThan(before);
      expect(response.headers).not.toHaveProperty('idempotent-replayed');
    });

    it('[PRO-1] the integer 1 and the string "1" are the same target', async () => {
      const first = await post('/', { message: 'a', targetId: 1 });
      const second = await post('/', { message: 'b', targetId: '1' });
      expect(second.body).toMatchObject({ targetId: '1', offset: Number(first.body.offset) + 1 });
      expect(heard.at(-1)).toMatchObject({ targetId: '1', frame: { type: 'new_message', data: 'b' } });
    });

    it('[PRO-3] unknown fields are ignored', async () => {
      const body = { message: 'a', targetId: 'x', extra: [1], __proto__x: {} };
      expect((await post('/?also=this', body)).status).toBe(201);
    });

    it('[PRO-2] the longest message is taken, in any writing', async () => {
      const message = '\u0007'.repeat(65_535); // six bytes each as JSON writes them
      expect(Buffer.byteLength(JSON.stringify({ message }))).toBeGreaterThan(390_000);
      expect((await post('/', { message, targetId: 'long' })).status).toBe(201);
      expect((await post('/', { message: '😀'.repeat(16_383), targetId: 'long' })).status).toBe(201);
    });

    it('[PUB-17] json: its text is stored and delivered', async () => {
      const json = { order: 1042, lines: ['é', null, { paid: true }] };
      const stored = await post('/', { json, targetId: 1 });
      expect(stored.status).toBe(201);
      const data = JSON.stringify(json);
      expect(heard.at(-1)).toMatchObject({ targetId: '1', frame: { offset: stored.body.offset, data } });
      const messages = [{ json: null }, { message: 'text' }, { json: 1.5 }].map((one) => ({
        ...one,
        targetId: 'j',
      }));
      expect((await post('/messages/batch', { messages })).status).toBe(201);
      const page = await supertest(api.url).get('/targets/j/messages');
      expect((page.body.messages as { data: string }[]).map((entry) => entry.data)).toEqual([
        'null',
        'text',
        '1.5',
      ]);
    });

    it.each<[title: string, body: unknown, path: string]>([
      ['both json and message', { message: 'a', json: 'a', targetId: 1 }, 'json'],
      ['json of 65,536 bytes', { json: 'a'.repeat(65_534), targetId: 1 }, 'json'],
      ['json nested 900 deep', { json: JSON.parse('['.repeat(900) + ']'.repeat(900)), targetId: 1 }, 'json'],
      ['no message', { targetId: 1 }, 'message'],
      ['no target', { message: 'a' }, 'targetId'],
      ['an empty message', { message: '', targetId: 1 }, 'message'],
      ['65,536 bytes', { message: 'a'.repeat(65_536), targetId: 1 }, 'message'],
      ['65,536 bytes in 21,846 characters', { message: '€'.repeat(21_846), targetId: 1 }, 'message'],
      ['a lone surrogate', { message: '\ud800', targetId: 1 }, 'message'],
      ['a number for a message', { message: 1, targetId: 1 }, 'message'],
      ['an object for a target', { message: 'a', targetId: {} }, 'targetId'],
      ['null for a target', { message: 'a', targetId: null }, 'targetId'],
      ['true for a target', { message: 'a', targetId: true }, 'targetId'],
      ['an empty target', { message: 'a', targetId: '' }, 'targetId'],
      ['a target with a space at its end', { message: 'a', targetId: 'bob ' }, 'targetId'],
      ['a target that is no integer', { message: 'a', targetId: 1.5 }, 'targetId'],
      ['a target below zero', { message: 'a', targetId: -1 }, 'targetId'],
      ['a group without a name', { message: 'a', targetId: 'group:' }, 'targetId'],
      ['an array', [], ''],
      ['a string', 'a', ''],
      ['null', null, ''],
    ])('[PUB-10] %s: validation_failed, and where', async (_title, body, path) => {
      const response = await supertest(api.url)
        .post('/')
        .set('Content-Type', 'application/json')
        .send(JSON.stringify(body));
      expect(response).toMatchObject(problem('validation_failed', 400));
      expect(response.body.errors).toEqual([{ path, message: expect.any(String) }]);
    });

    it("[PRO-1] an integer that JSON can't carry is refused, not rounded to another client's id", async () => {
      const response = await supertest(api.url)
        .post('/')
        .set('Content-Type', 'application/json')
        .send('{"message":"a","targetId":9007199254740993}');
      expect(response).toMatchObject(problem('validation_failed', 400));
    });
  });

  describe('Idempotency-Key', () => {
    const key = (value: string) => ({ 'Idempotency-Key': value });

    it('[PUB-17] texts are compared: of json and message, and of another order of keys', async () => {
      const targetId = 'json';
      const first = await post('/', { json: { a: 1, b: 2 }, targetId }, key('j1'));
      const same = await post('/', { message: '{"a":1,"b":2}', targetId }, key('j1'));
      expect([same.status, same.body]).toEqual([201, first.body]);
      const other = await post('/', { json: { b: 2, a: 1 }, targetId }, key('j1'));
      expect(other).toMatchObject(problem('idempotency_key_reused', 422));
    });

    it('[PUB-5] the same message under the same key: the first answer, and the hint again', async () => {
      const first = await post('/', { message: 'once', targetId: 'replay' }, key('k1'));
      const hints = heard.length;
      const second = await post('/messages', { targetId: 'replay', message: 'once', more: 1 }, key('k1'));
      expect(second.status).toBe(201);
      expect(second.body).toEqual(first.body);
      expect(first.headers).not.toHaveProperty('idempotent-replayed');
      expect(second.headers['idempotent-replayed']).toBe('true');
      expect(heard.slice(hints)).toEqual([heard[hints - 1]]);
    });

    it.each([
      { message: 'twice', targetId: 'replay' },
      { message: 'once', targetId: 'other' },
    ])('[PUB-6] another message or target under it: idempotency_key_reused %j', async (body) => {
      await post('/', { message: 'once', targetId: 'replay' }, key('k2'));
      expect(await post('/', body, key('k2'))).toMatchObject(problem('idempotency_key_reused', 422));
      const log = await supertest(api.url).get('/targets/other/messages');
      expect(log.body.head).toBe(0);
    });

    it('[PUB-5] concurrent requests with the same key store one message', async () => {
      const body = { message: 'race', targetId: 'race' };
      const responses = await Promise.all(Array.from({ length: 20 }, () => post('/', body, key('race'))));
      expect(new Set(responses.map((response) => response.status))).toEqual(new Set([201]));
      expect(new Set(responses.map((response): unknown => response.body.id)).size).toBe(1);
      const replayed = responses.filter(({ headers }) => headers['idempotent-replayed'] === 'true');
      expect(replayed).toHaveLength(19);
    });

    it.each(['', 'with space', 'é', 'x'.repeat(256)])(
      '[PUB-10] an invalid key is refused: %j',
      async (value) => {
        const response = await post('/', { message: 'a', targetId: 1 }, key(value));
        expect(response).toMatchObject(problem('validation_failed', 400));
        expect(response.body.errors[0].path).toBe('Idempotency-Key');
      },
    );

    it('[PUB-5] a key of 255 characters is taken', async () => {
      expect((await post('/', { message: 'a', targetId: 1 }, key('~'.repeat(255)))).status).toBe(201);
    });
  });

  describe('batches', () => {
    const batch = (messages: unknown[], headers = {}) => post('/messages/batch', { messages }, headers);

    it('[PUB-4] are answered in order, those stored before with replayed', async () => {
      await post('/', { message: 'a', targetId: 'b1' }, { 'Idempotency-Key': 'b-a' });
      const response = await batch([
        { message: 'b', targetId: 'b2' },
        { message: 'a', targetId: 'b1', idempotencyKey: 'b-a' },
        { message: 'c', targetId: 'b2', idempotencyKey: 'b-c' },
      ]);
      expect(response.status).toBe(201);
      expect(response.body.messages).toMatchObject([
        { targetId: 'b2', offset: 1, status: 'sent' },
        { targetId: 'b1', offset: 1, replayed: true },
        { targetId: 'b2', offset: 2 },
      ]);
      expect(Object.keys(response.body.messages[0] as object)).toEqual([
        'id',
        'targetId',
        'offset',
        'createdAt',
        'status',
      ]);
      expect(Object.keys(response.body as object)).toEqual(['messages']);
    });

    it('[PUB-4] [PUB-6] are all or nothing', async () => {
      await post('/', { message: 'a', targetId: 'n1' }, { 'Idempotency-Key': 'n-a' });
      const response = await batch([
        { message: 'new', targetId: 'n2' },
        { message: 'other', targetId: 'n1', idempotencyKey: 'n-a' },
      ]);
      expect(response).toMatchObject(problem('idempotency_key_reused', 422));
      expect(response.body.errors[0].path).toBe('messages.1.idempotencyKey');
      expect((await supertest(api.url).get('/targets/n2/messages')).body.head).toBe(0);
    });

    it('[PUB-5] [PUB-6] a key repeated in a batch: one message if the contents are equal, else refused', async () => {
      const one = { message: 'a', targetId: 't', idempotencyKey: 'twice' };
      const same = await batch([one, one]);
      expect(same.body.messages).toMatchObject([{ offset: 1 }, { offset: 1, replayed: true }]);
      const other = await batch([
        { ...one, idempotencyKey: 'thrice' },
        { ...one, idempotencyKey: 'thrice', message: 'b' },
      ]);
      expect(other).toMatchObject(problem('idempotency_key_reused', 422));
      expect((await supertest(api.url).get('/targets/t/messages')).body.head).toBe(1);
    });

    it('[PUB-4] of 1,000 messages are taken', async () => {
      const messages = Array.from({ length: 1_000 }, (_, index) => ({
        message: `${index}`,
        targetId: index % 10,
      }));
      const response = await batch(messages);
      expect(response.status).toBe(201);
      expect(response.body.messages).toHaveLength(1_000);
    });

    it.each<[title: string, messages: unknown, path: string]>([
      ['none', [], 'messages'],
      ['1,001', Array.from({ length: 1_001 }, () => ({ message: 'a', targetId: 1 })), 'messages'],
      ['no array', {}, 'messages'],
      ['one that is no object', [1], 'messages.0'],
      [
        'a bad target',
        [
          { message: 'a', targetId: 1 },
          { message: 'a', targetId: 'ü' },
        ],
        'messages.1.targetId',
      ],
      ['a bad key', [{ message: 'a', targetId: 1, idempotencyKey: '' }], 'messages.0.idempotencyKey'],
    ])('[PUB-10] %s: validation_failed, and where', async (_title, messages, path) => {
      const response = await post('/messages/batch', { messages });
      expect(response).toMatchObject(problem('validation_failed', 400));
      expect(response.body.errors[0].path).toBe(path);
    });

    it('[PUB-10] many errors get a short answer', async () => {
      const response = await batch(Array.from({ length: 1_000 }, () => ({})));
      expect(response.body.errors).toHaveLength(100);
    });

    it('[PUB-8] millions of elements cost no more than reading them', async () => {
      const body = `{"messages":[${'0,'.repeat(4_000_000)}0]}`;
      const parseStart = performance.now();
      JSON.parse(body);
      const parseMs = performance.now() - parseStart; // what this machine needs just now to read them once
      const start = performance.now();
      const response = await supertest(api.url)
        .post('/messages/batch')
        .set('Content-Type', 'application/json')
        .send(body);
      expect(response).toMatchObject(problem('validation_failed', 400));
      expect(performance.now() - start).toBeLessThan(1_500 + 10 * parseMs);
    });

    it('[PUB-10] an Idempotency-Key header is refused', async () => {
      const response = await batch([{ message: 'a', targetId: 1 }], { 'Idempotency-Key': 'k' });
      expect(response).toMatchObject(problem('validation_failed', 400));
    });
  });

  describe('a store that can not', () => {
    const startWith = (append: MessageStore['append'], env = {}) =>
      startTestApi({ way, env, store: { append } });

    it('[PUB-9] is away: store_unavailable with Retry-After', async () => {
      const broken = await startWith(() => Promise.reject(new StoreUnavailableError('away', undefined)));
      const response = await supertest(broken.url).post('/').send({ message: 'a', targetId: 1 });
      expect(response).toMatchObject(problem('store_unavailable', 503));
      expect(response.headers['retry-after']).toBe('1');
      await broken.close();
    });

    it('[PUB-8] has too much to do: overloaded with Retry-After', async () => {
      let free = () => undefined as unknown;
      const busy = await startWith(
        (requests) =>
          new Promise((resolve) => {
            free = () => resolve(requests.map(() => ({ kind: 'failed', error: new Error('one row') })));
          }),
        { COMMIT_WAITING_REQUESTS_MAX: '1' },
      );
      const first = supertest(busy.url).post('/').send({ message: 'secret text', targetId: 1 });
      const firstAnswer = first.then((response) => response);
      await expect
        .poll(() => supertest(busy.url).get('/metrics'))
        .toHaveProperty('text', expect.stringMatching(/postline_commit_waiting_requests\{.*\} 1/));
      const second = await supertest(busy.url).post('/').send({ message: 'b', targetId: 2 });
      expect(second).toMatchObject(problem('overloaded', 503));
      expect(second.headers['retry-after']).toBe('1');
      free();
      expect(await firstAnswer).toMatchObject(problem('internal_error', 500));
      expect(busy.logLines.join('')).toContain('one row');
      expect(busy.logLines.join('')).not.toContain('secret text');
      await busy.close();
    });
  });
});

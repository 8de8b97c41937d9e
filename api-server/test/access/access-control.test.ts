import { signClientToken } from '@postline/client-tokens';
import { waitUntil } from '@postline/test-support';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyDigest } from '@postline/publisher-keys';
import { startTestApi, type TestApi } from '../support/start-test-api.ts';

const SECRET = 'Zq3vN8rT1yW6uE0pL5kJ9hG2fD7sA4xC';
const AUTHENTICATION = { AUTH: 'required', CLIENT_TOKEN_SECRET: SECRET };
const KEYS = {
  shop: '',
  other: '',
  orders: ';publish;batch;prefix=order-',
  single: ';publish',
  reader: ';read;prefix=order-',
  admin: ';manage;prefix=order-',
  club: ';members;prefix=group:room-;prefix=order-',
};
const PUBLISH_KEYS = Object.entries(KEYS)
  .map(([name, scopes]) => `${name}:${keyDigest(`${name}-key`)}${scopes}`)
  .join(',');

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ env: { ...AUTHENTICATION, PUBLISH_KEYS } });
});
afterAll(async () => {
  await api.close();
});

const bearer = (value: string) => ({ Authorization: `Bearer ${value}` });
const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  supertest(api.url).post(path).set(headers).send(body);
const get = (path: string, headers: Record<string, string> = {}) => supertest(api.url).get(path).set(headers);
const remove = (path: string, headers: Record<string, string> = {}) =>
  supertest(api.url).delete(path).set(headers);
const token = (clientId: string, groups: readonly string[] = []) =>
  signClientToken({ secret: SECRET, clientId, expiresInSeconds: 60, groups });

const unauthorized = {
  status: 401,
  type: 'application/problem+json',
  headers: expect.objectContaining({ 'www-authenticate': 'Bearer' }),
  body: expect.objectContaining({ code: 'unauthorized' }),
};
const forbidden = { status: 403, body: expect.objectContaining({ code: 'forbidden' }) };
const MESSAGE = { message: 'm', targetId: 'order-1' };
const BATCH = { messages: [MESSAGE] };

describe('with AUTH=required', () => {
  it.each([
    {},
    { Authorization: '' },
    { Authorization: 'Bearer' },
    { Authorization: 'Bearer ' },
    { Authorization: 'Basic c2hvcDpzaG9wLWtleQ==' },
    { Authorization: 'shop-key' },
    { Authorization: 'Bearer shop-key shop-key' },
    bearer('shop-Key'),
    bearer(keyDigest('shop-key')),
    bearer('x'.repeat(10_000)),
  ])('[SEC-1] %j may do nothing', async (headers) => {
    for (const path of ['/', '/messages'])
      expect(await post(path, MESSAGE, headers)).toMatchObject(unauthorized);
    expect(await post('/messages/batch', BATCH, headers)).toMatchObject(unauthorized);
    expect(await get('/targets/order-1/messages', headers)).toMatchObject(unauthorized);
    expect(await get('/targets/order-1/receipts', headers)).toMatchObject(unauthorized);
    expect(await remove('/clients/order-1/connections', headers)).toMatchObject(unauthorized);
    expect((await api.store.readHeads(['order-1'])).heads.get('order-1')?.head).toBe(0);
  });

  it('[SEC-1] an unauthorized body is not received', async () => {
    expect(await post('/', { message: 7 })).toMatchObject(unauthorized);
    const answer = await supertest(api.url).post('/').set('Content-Type', 'text/plain').send('x');
    expect(answer).toMatchObject(unauthorized);
  });

  it('[SEC-1] probes, metrics and documentation need no key', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs']) {
      expect((await get(path)).status).toBe(200);
    }
  });

  it('[SEC-2] a key publishes as its scopes allow', async () => {
    expect((await post('/', { ...MESSAGE, targetId: 'a' }, bearer('shop-key'))).status).toBe(201);
    const headers = { authorization: 'bearer   shop-key ' };
    expect((await post('/messages/batch', BATCH, headers)).status).toBe(201);
    expect((await post('/', MESSAGE, bearer('single-key'))).status).toBe(201);
    expect(await post('/messages/batch', BATCH, bearer('single-key'))).toMatchObject(forbidden);
    expect(await post('/', MESSAGE, bearer('reader-key'))).toMatchObject(forbidden);
    expect(await get('/targets/order-1/messages', bearer('shop-key'))).toMatchObject(forbidden);
    expect(await remove('/clients/order-1/connections', bearer('shop-key'))).toMatchObject(forbidden);
  });

  it('[SEC-2] a prefix restricts targets; one foreign target refuses the whole batch', async () => {
    expect((await post('/', { message: 'm', targetId: 'order-2' }, bearer('orders-key'))).status).toBe(201);
    const foreign = await post('/', { message: 'm', targetId: 7 }, bearer('orders-key'));
    expect(foreign).toMatchObject(forbidden);
    expect(foreign.body).toMatchObject({ errors: [{ path: 'targetId' }] });
    const messages = ['order-3', 'order-3', 'Order-3'].map((targetId) => ({ message: 'm', targetId }));
    const batch = await post('/messages/batch', { messages }, bearer('orders-key'));
    expect(batch).toMatchObject(forbidden);
    expect(batch.body).toMatchObject({ errors: [{ path: 'messages.2.targetId' }] });
    expect((await api.store.readHeads(['order-3'])).heads.get('order-3')?.head).toBe(0);
  });

  it('[PUB-5] idempotency keys belong to the publisher', async () => {
    const send = (key: string, message: string) =>
      post('/', { message, targetId: 'idem' }, { ...bearer(key), 'Idempotency-Key': 'k' });
    expect((await send('shop-key', 'one')).body).toMatchObject({ offset: 1 });
    expect((await send('other-key', 'two')).body).toMatchObject({ offset: 2 });
    expect((await send('shop-key', 'one')).headers).toHaveProperty('idempotent-replayed', 'true');
    expect((await send('shop-key', 'two')).status).toBe(422);
  });

  it('[SEC-4] reading needs a key with read, for its prefix, or the token of the client itself', async () => {
    for (const path of ['/targets/order-1/messages', '/targets/order-1/receipts']) {
      expect((await get(path, bearer('reader-key'))).status).toBe(200);
      expect((await get(path, bearer(await token('order-1')))).status).toBe(200);
      expect(await get(path, bearer(await token('order-10')))).toMatchObject(forbidden);
      expect(await get(path, bearer(`${await token('order-1')}x`))).toMatchObject(unauthorized);
    }
    expect(await get('/targets/1/messages', bearer('reader-key'))).toMatchObject(forbidden);
    expect(await post('/', MESSAGE, bearer(await token('order-1')))).toMatchObject(unauthorized);
    expect(await remove('/clients/order-1/connections', bearer(await token('order-1')))).toMatchObject(
      unauthorized,
    );
  });

  it('[SEC-6] a token refused by a disconnect cannot read', async () => {
    const old = await token('order-7');
    expect((await get('/targets/order-7/messages', bearer(old))).status).toBe(200);
    const answer = await remove(
      '/clients/order-7/connections?refuseTokensIssuedBefore=now',
      bearer('admin-key'),
    );
    expect(answer).toMatchObject({ status: 200, body: { clientId: 'order-7', status: 'sent' } });
    expect(Math.abs(Date.parse(String(answer.body.tokensRefusedUpTo)) - Date.now())).toBeLessThan(5_000);
    expect(await get('/targets/order-7/messages', bearer(old))).toMatchObject(unauthorized);
    expect((await get('/targets/order-70/messages', bearer(await token('order-70')))).status).toBe(200);
  });

  it('[SEC-5] a disconnect needs a client of the key, and refuses tokens only if asked to', async () => {
    const answer = await remove('/clients/order-8/connections', bearer('admin-key'));
    expect(answer).toMatchObject({ status: 200, body: { clientId: 'order-8', tokensRefusedUpTo: null } });
    expect((await get('/targets/order-8/messages', bearer(await token('order-8')))).status).toBe(200);
    expect(await remove('/clients/8/connections', bearer('admin-key'))).toMatchObject(forbidden);
    const wrong = await remove(
      '/clients/order-8/connections?refuseTokensIssuedBefore=later',
      bearer('admin-key'),
    );
    expect(wrong).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    const method = await get('/clients/order-8/connections', bearer('admin-key'));
    expect(method).toMatchObject({ status: 405, headers: { allow: 'DELETE, OPTIONS' } });
  });

  it('[SEC-14] members are changed and read with the scope members, for groups of the key', async () => {
    const put = (path: string, key: string) => supertest(api.url).put(path).set(bearer(key));
    const member = '/groups/room-1/members/ann';
    for (const key of ['shop-key', 'reader-key', 'admin-key'])
      expect(await put(member, key)).toMatchObject(forbidden);
    for (const key of ['wrong', await token('ann')])
      expect(await put(member, key)).toMatchObject(unauthorized);
    expect((await put(member, 'club-key')).status).toBe(201);
    expect(await put('/groups/hall/members/ann', 'club-key')).toMatchObject(forbidden);
    expect(await put('/groups/order-1/members/ann', 'club-key')).toMatchObject(forbidden);
    const batch = (group: string) =>
      post(`/groups/${group}/members/batch`, { remove: ['ann'] }, bearer('club-key'));
    expect((await batch('room-1')).body).toEqual({ added: 0, removed: 1 });
    expect(await batch('hall')).toMatchObject(forbidden);
    expect((await remove(member, bearer('club-key'))).status).toBe(204);
    expect(await remove(member, bearer('admin-key'))).toMatchObject(forbidden);
    expect((await get('/groups/room-1/members', bearer('club-key'))).status).toBe(200);
    expect(await get('/groups/hall/members', bearer('club-key'))).toMatchObject(forbidden);
    expect(await get('/groups/room-1/members', bearer(await token('ann')))).toMatchObject(unauthorized);
  });

  it("[SEC-14] a client's groups are read with the scope members, for its prefix, or with the client's own token", async () => {
    const groups = (clientId: string, key: string) => get(`/clients/${clientId}/groups`, bearer(key));
    expect((await groups('order-1', 'club-key')).status).toBe(200);
    expect(await groups('ann', 'club-key')).toMatchObject(forbidden);
    expect(await groups('order-1', 'reader-key')).toMatchObject(forbidden);
    expect((await groups('ann', await token('ann'))).status).toBe(200);
    expect(await groups('order-1', await token('ann'))).toMatchObject(forbidden);
  });

  it("[SEC-15] a group's messages are read with the token of a member: a stored one from its join on, one by claim from the start", async () => {
    const send = (message: string) => post('/', { message, targetId: 'group:room-9' }, bearer('shop-key'));
    await send('before');
    const stored = { groupName: 'room-9', add: ['ann'], remove: [], history: 'from-join' } as const;
    await api.store.changeMembers([stored]);
    await send('after');
    const log = async (bearerOf: string, query = '') => {
      const { status, body } = await get(`/targets/group:room-9/messages${query}`, bearer(bearerOf));
      const texts = (body.messages as { data: string }[] | undefined)?.map(({ data }) => data);
      return { status, texts, truncatedBefore: body.truncatedBefore as unknown };
    };
    const fromJoin = { status: 200, texts: ['after'], truncatedBefore: 2 };
    expect(await log(await token('ann'))).toEqual(fromJoin);
    expect(await log(await token('ann'), '?after=1')).toEqual({ ...fromJoin, truncatedBefore: null });
    expect(await log(await token('ann', ['room-9']))).toEqual(fromJoin);
    const whole = { status: 200, texts: ['before', 'after'], truncatedBefore: null };
    expect(await log(await token('ben', ['room-9']))).toEqual(whole);
    for (const groups of [[], ['room-90', 'Room-9', 'group:room-9', 'room-*']]) {
      expect(await log(await token('ben', groups))).toMatchObject({ status: 403 });
    }
    await api.store.changeMembers([{ ...stored, add: [], remove: ['ann'] }]);
    expect(await log(await token('ann'))).toMatchObject({ status: 403 });
    const receipts = await get('/targets/group:room-9/receipts', bearer(await token('ben', ['room-9'])));
    expect(receipts).toMatchObject(forbidden);
  });

  it('[SEC-3] logs and metrics have the name of a key, never the key', async () => {
    await post('/', { ...MESSAGE, targetId: 'named' }, bearer('shop-key'));
    await post('/', MESSAGE, bearer('shop-key-mistyped'));
    const named = /postline_publisher_messages_total\{publisher="shop",.*\} \d+/;
    await waitUntil('the figures are made anew', async () => named.test((await get('/metrics')).text));
    const metrics = (await get('/metrics')).text;
    const log = api.logLines.join('\n');
    expect(log).toMatch(/"publisher":"shop"/);
    for (const text of [metrics, log]) {
      expect(text).not.toMatch(/(shop|admin|reader|other)-key/);
      expect(text).not.toContain(keyDigest('shop-key'));
    }
  });

  it('[SEC-1] a page of another origin is refused before its key is checked', async () => {
    const foreign = { Origin: 'https://evil.example', ...bearer('admin-key') };
    expect(await remove('/clients/order-1/connections', foreign)).toMatchObject(forbidden);
    expect(await post('/', MESSAGE, { Origin: 'null', ...bearer('shop-key') })).toMatchObject(forbidden);
  });
});

describe('in open mode', () => {
  it('[SEC-5] anyone may disconnect a client, but not a group, and its preflight is answered', async () => {
    const open = await startTestApi();
    const request = supertest(open.url);
    expect((await request.delete('/clients/1/connections')).body).toEqual({
      clientId: '1',
      tokensRefusedUpTo: null,
      status: 'sent',
    });
    expect((await request.delete('/clients/group:news/connections')).status).toBe(400);
    expect((await request.delete('/clients/a%20b/connections')).status).toBe(400);
    const preflight = await request.options('/clients/1/connections').set({
      Origin: 'http://localhost:3000',
      'Access-Control-Request-Method': 'DELETE',
      'Access-Control-Request-Headers': 'authorization',
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers['access-control-allow-methods']).toContain('DELETE');
    expect(preflight.headers['access-control-allow-headers']).toContain('authorization');
    await open.close();
  });

  it('[OPS-4] unused keys cause a warning', async () => {
    const open = await startTestApi({ env: { PUBLISH_KEYS } });
    expect((await supertest(open.url).post('/').send(MESSAGE)).status).toBe(201);
    const { warnings } = (await supertest(open.url).get('/readyz')).body as { warnings: string[] };
    expect(warnings).toEqual([expect.stringContaining('AUTH=open'), expect.stringContaining('PUBLISH_KEYS')]);
    await open.close();
  });
});

describe('limits of failed authentications', () => {
  it('[SEC-8] invalid keys and tokens of one address are bounded, and a valid key still works', async () => {
    const guarded = await startTestApi({
      env: { ...AUTHENTICATION, PUBLISH_KEYS, FAILED_AUTHENTICATIONS_PER_MINUTE: '5' },
    });
    const statuses: number[] = [];
    for (let turn = 0; turn < 8; turn += 1) {
      const reading = turn % 2 === 0;
      const request = reading
        ? supertest(guarded.url).get('/targets/1/messages')
        : supertest(guarded.url).post('/');
      const answer = await request.set(bearer(`a.b.wrong-${turn}`));
      statuses.push(answer.status);
      if (answer.status === 429) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    expect((await supertest(guarded.url).post('/').send(MESSAGE)).status).toBe(401);
    expect((await supertest(guarded.url).post('/').set(bearer('shop-key')).send(MESSAGE)).status).toBe(201);
    await guarded.close();
  });
});

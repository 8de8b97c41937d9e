import { type MembersChange, StoreUnavailableError } from '@postline/message-store';
import {
  clientGroupsPageSchema,
  membersChangedSchema,
  membershipSchema,
  membersPageSchema,
  problemSchema,
} from '@postline/protocol';
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

const member = (group: string, clientId: string) => `/groups/${group}/members/${clientId}`;
const join = (group: string, clientId: string, body?: object) =>
  supertest(api.url).put(member(group, clientId)).send(body);
const leave = (group: string, clientId: string) => supertest(api.url).delete(member(group, clientId));
const batch = (group: string, body: object) =>
  supertest(api.url).post(`/groups/${group}/members/batch`).send(body);
const read = (path: string) => supertest(api.url).get(path);
const publish = async (targetId: string, count: number) => {
  const messages = Array.from({ length: count }, () => ({ message: 'm', targetId }));
  await supertest(api.url).post('/messages/batch').send({ messages }).expect(201);
};
const publishUpTo = async (targetId: string, head: number) => {
  const known = (await api.store.readHeads([targetId])).heads.get(targetId)?.head ?? 0;
  if (known < head) await publish(targetId, head - known);
};
const SINCE = expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) as unknown;

describe('PUT /groups/:name/members/:clientId', () => {
  it('[GRP-17] a join is 201; the same once more is 200, and the first one stands', async () => {
    await publish('group:news', 41);
    const first = await join('news', 'anna');
    expect(first.status).toBe(201);
    expect(first.body).toEqual({ group: 'news', clientId: 'anna', from: 41, since: SINCE });
    expect(membershipSchema.parse(first.body)).toEqual(first.body);
    await publish('group:news', 2);
    const second = await join('news', 'anna', { history: 'all' });
    expect([second.status, second.body]).toEqual([200, first.body]);
  });

  it.each<[unknown, number]>([
    [{}, 41],
    [{ history: 'from-join' }, 41],
    [{ history: 'all', unknown: 1 }, 0],
    [{ history: { last: 5 } }, 36],
    [{ history: { last: 1_000 } }, 0],
  ])('[GRP-17] %j begins at its place', async (body, from) => {
    await publishUpTo('group:history', 41);
    const answer = await join('history', `client-${from}-${JSON.stringify(body).length}`, body as object);
    expect([answer.status, answer.body.from]).toEqual([201, from]);
  });

  it.each([
    ['no body and no type', undefined, undefined],
    ['an empty body of another type', { 'Content-Type': 'application/x-www-form-urlencoded' }, ''],
  ])('[GRP-17] the body may be missing: %s', async (what, headers, body) => {
    const clientId = `empty-${what.length}`;
    const answer = await fetch(`${api.url}${member('news', clientId)}`, {
      method: 'PUT',
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body }),
    });
    expect(answer.status).toBe(201);
  });

  it('[GRP-17] ids and names are percent-encoded; a client may be called batch', async () => {
    for (const [path, group, clientId] of [
      [member('room%3A7', 'auth0%7C5f7c'), 'room:7', 'auth0|5f7c'],
      [member('.~:@|+-', '_V1'), '.~:@|+-', '_V1'],
      [member('news', '1'), 'news', '1'],
      [member('news', 'batch'), 'news', 'batch'],
      [member('x'.repeat(122), 'y'.repeat(128)), 'x'.repeat(122), 'y'.repeat(128)],
    ] as const) {
      const answer = await supertest(api.url).put(path);
      expect([answer.status, answer.body]).toMatchObject([201, { group, clientId }]);
    }
    expect((await leave('news', 'batch')).status).toBe(204);
  });

  it.each([
    [{ history: 'none' }, 'history'],
    [{ history: { last: 0 } }, 'history.last'],
    [{ history: { last: 1_001 } }, 'history.last'],
    [{ history: { last: 1.5 } }, 'history.last'],
    [{ history: null }, 'history'],
  ])('[PUB-10] %j is refused', async (body, path) => {
    const answer = await join('news', 'wrong', body);
    expect(answer.status).toBe(400);
    expect(problemSchema.parse(answer.body)).toMatchObject({
      code: 'validation_failed',
      errors: [{ path: expect.stringContaining(path.split('.')[0] ?? '') }],
    });
  });

  it('[PUB-10] a body that is no JSON, or of another type', async () => {
    const put = () => supertest(api.url).put(member('news', 'wrong'));
    expect((await put().set('Content-Type', 'application/json').send('{')).body.code).toBe('malformed_json');
    expect((await put().set('Content-Type', 'text/plain').send('{}')).status).toBe(415);
    expect((await put().send(['x'])).status).toBe(400);
  });
});

it.each([
  ['/groups/a%20b/members/anna', 'name'],
  [`/groups/${'x'.repeat(123)}/members/anna`, 'name'],
  ['/groups/%C3%A9/members/anna', 'name'],
  ['/groups/%zz/members/anna', 'name'],
  ['/groups/news/members/%zz', 'clientId'],
  ['/groups/news/members/a%20b', 'clientId'],
  ['/groups/news/members/group:other', 'clientId'],
  ['/groups/news/members/.a', 'clientId'],
  ['/groups/news/members/__proto__', 'clientId'],
  [`/groups/news/members/${'x'.repeat(129)}`, 'clientId'],
])('[PUB-10] PUT and DELETE %s: no such name or id', async (path, field) => {
  for (const request of [supertest(api.url).put(path), supertest(api.url).delete(path)]) {
    const answer = await request;
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'validation_failed', errors: [{ path: field }] });
  }
});

it('[GRP-17] DELETE is 204, also of a client that is no member', async () => {
  await join('gone', 'anna');
  for (let turn = 0; turn < 2; turn += 1) {
    const answer = await leave('gone', 'anna');
    expect([answer.status, answer.text, answer.headers['content-length']]).toEqual([204, '', undefined]);
  }
  expect((await read('/groups/gone/members')).body.members).toEqual([]);
});

describe('POST /groups/:name/members/batch', () => {
  it('[GRP-17] adds and removes, and counts what changed', async () => {
    await join('team', 'carl');
    const answer = await batch('team', { add: ['anna', 7, 'carl'], remove: ['ben'], history: { last: 3 } });
    expect([answer.status, answer.body]).toEqual([200, { added: 2, removed: 0 }]);
    expect(membersChangedSchema.parse(answer.body)).toEqual(answer.body);
    expect((await batch('team', { remove: ['carl', 'anna', 'ben'] })).body).toEqual({ added: 0, removed: 2 });
    const { body } = await read('/groups/team/members');
    expect(body.members).toMatchObject([{ clientId: '7' }]);
  });

  it('[GRP-17] takes 1,000 ids', async () => {
    const ids = Array.from({ length: 1_000 }, (_, index) => `m${index}`);
    expect((await batch('crowd', { add: ids })).body).toEqual({ added: 1_000, removed: 0 });
    expect((await batch('crowd', { add: ids.slice(1), remove: ['x'] })).body).toEqual({
      added: 0,
      removed: 0,
    });
  });

  it.each([
    [{}],
    [{ add: [] }],
    [{ add: ['a', 'a'] }],
    [{ add: ['a'], remove: ['a'] }],
    [{ add: ['1', 1] }],
    [{ add: ['a b'] }],
    [{ add: ['group:x'] }],
    [{ add: 'a' }],
    [{ add: [null] }],
    [{ add: ['a'], history: 'some' }],
    [{ add: Array.from({ length: 1_001 }, (_, index) => index) }],
    [
      {
        add: Array.from({ length: 600 }, (_, index) => index),
        remove: Array.from({ length: 401 }, (_, index) => `r${index}`),
      },
    ],
    [[]],
  ])('[PUB-10] a batch that is not valid changes nothing', async (body) => {
    const answer = await batch('untouched', body);
    expect(answer.status).toBe(400);
    expect(problemSchema.parse(answer.body).code).toBe('validation_failed');
    expect((await read('/groups/untouched/members')).body.members).toEqual([]);
  });

  it('[PUB-10] needs a body', async () => {
    const answer = await supertest(api.url).post('/groups/team/members/batch');
    expect(answer.status).toBe(415);
  });
});

describe('lists', () => {
  it('[GRP-7] GET /groups/:name/members goes from page to page in byte order', async () => {
    await batch('list', { add: ['b', 'B', 'a', '_', '10', '9'] });
    const ids: string[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const { status, body } = await read(
        `/groups/list/members?limit=2${after === '' ? '' : `&after=${after}`}`,
      );
      expect(status).toBe(200);
      const page = membersPageSchema.parse(body);
      expect(page).toEqual(body);
      ids.push(...page.members.map(({ clientId }) => clientId));
      after = page.next;
    }
    expect(ids).toEqual(['10', '9', 'B', '_', 'a', 'b']);
    expect((await read('/groups/nobody/members')).body).toEqual({ group: 'nobody', members: [], next: null });
  });

  it('[GRP-7] GET /clients/:id/groups does so by name', async () => {
    for (const group of ['b', 'B', '.a']) await join(group, 'reader');
    const first = await read('/clients/reader/groups?limit=2');
    expect(clientGroupsPageSchema.parse(first.body)).toEqual(first.body);
    expect(first.body).toEqual({
      clientId: 'reader',
      groups: [
        { group: '.a', from: 0, since: SINCE },
        { group: 'B', from: 0, since: SINCE },
      ],
      next: 'B',
    });
    const second = await read('/clients/reader/groups?limit=2&after=B');
    expect(second.body).toMatchObject({ groups: [{ group: 'b' }], next: null });
    expect((await read('/clients/nobody/groups')).body).toEqual({
      clientId: 'nobody',
      groups: [],
      next: null,
    });
  });

  it.each([
    '/groups/list/members?limit=0',
    '/groups/list/members?limit=1001',
    '/groups/list/members?after=a%20b',
    '/groups/a%20b/members',
    '/clients/reader/groups?limit=x',
    '/clients/reader/groups?after=',
    '/clients/group:x/groups',
    '/clients/%zz/groups',
  ])('[PUB-10] %s', async (path) => {
    const answer = await read(path);
    expect([answer.status, problemSchema.parse(answer.body).code]).toEqual([400, 'validation_failed']);
  });
});

it.each([
  ['GET', '/groups/news/members/anna', 'PUT, DELETE, OPTIONS'],
  ['POST', '/groups/news/members/anna', 'PUT, DELETE, OPTIONS'],
  ['GET', '/groups/news/members/batch', 'POST, PUT, DELETE, OPTIONS'],
  ['POST', '/groups/news/members', 'GET, HEAD, OPTIONS'],
  ['DELETE', '/clients/anna/groups', 'GET, HEAD, OPTIONS'],
])('[PUB-10] %s %s: method_not_allowed with Allow', async (method, path, allow) => {
  const answer = await fetch(`${api.url}${path}`, { method });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
});

it.each(['.', '..', '%2e%2e'])('[GRP-17] the path of the group %s is taken as it is sent', async (name) => {
  const line = `GET /groups/${name}/members HTTP/1.1`;
  const answer = await exchange(api.port, `${line}\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  expect(answer).toContain(`{"group":"${decodeURIComponent(name)}","members":[],"next":null}`);
});

it('[PUB-13] a preflight for PUT is answered', async () => {
  const preflight = await supertest(api.url).options(member('news', 'anna')).set({
    Origin: 'http://localhost:3000',
    'Access-Control-Request-Method': 'PUT',
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers['access-control-allow-methods']).toContain('PUT');
});

it('[GRP-4] a client in 1,000 groups: 409 too_many_groups, and nothing of the batch is stored', async () => {
  const changes = Array.from({ length: 1_000 }, (_, index): MembersChange => {
    return { groupName: `g${index}`, add: ['full'], remove: [], history: 'all' };
  });
  await api.store.changeMembers(changes);
  const single = await join('one-more', 'full');
  expect(single.status).toBe(409);
  expect(problemSchema.parse(single.body)).toMatchObject({
    code: 'too_many_groups',
    errors: [{ path: 'clientId', message: 'is in 1000 groups already' }],
  });
  const several = await batch('one-more', { add: ['empty', 'full'] });
  expect(several.body).toMatchObject({ code: 'too_many_groups', errors: [{ path: 'add.1' }] });
  expect((await read('/groups/one-more/members')).body.members).toEqual([]);
  expect((await join('g7', 'full')).status).toBe(200);
});

it('[PUB-9] a database that is away: 503 with Retry-After', async () => {
  const gone = () => Promise.reject(new StoreUnavailableError('away', undefined));
  const away = await startTestApi({
    store: { changeMembers: gone, readMembers: gone, readGroupsOfClient: gone },
  });
  for (const request of [
    supertest(away.url).put(member('news', 'anna')),
    supertest(away.url).delete(member('news', 'anna')),
    supertest(away.url)
      .post('/groups/news/members/batch')
      .send({ add: ['a'] }),
    supertest(away.url).get('/groups/news/members'),
    supertest(away.url).get('/clients/anna/groups'),
  ]) {
    const { status, body, headers } = await request;
    expect([status, body.code, headers['retry-after']]).toEqual([503, 'store_unavailable', '1']);
  }
  await away.close();
});

it('[GRP-17] metrics and logs name the route, not the group or the client', async () => {
  await join('private-group', 'private-client');
  const { text } = await read('/metrics');
  expect(text).toMatch(
    /postline_http_requests_total\{route="\/groups\/:name\/members\/:clientId",method="PUT",code="201"/,
  );
  expect(text).not.toContain('private');
});

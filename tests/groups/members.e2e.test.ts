/** The requests about members, as a program sends them that knows only the contract. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inLanes } from '../hostile/lanes.ts';
import {
  ask,
  type GroupServices,
  join,
  KEY,
  keySetting,
  KINDS,
  leave,
  send,
  tokenOf,
  WITH_TOKENS,
} from './group-services.ts';

const GROUPS_MAX = 1_000;
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown;
const LIMITED_KEY = randomBytes(24).toString('base64url');
const PUBLISHING_KEY = randomBytes(24).toString('base64url');
const KEYS = [
  WITH_TOKENS['PUBLISH_KEYS'],
  keySetting('rooms', LIMITED_KEY, 'members;prefix=group:room-;prefix=order-'),
  keySetting('publisher', PUBLISHING_KEY, 'publish;batch;read;manage'),
].join(',');

const code = (answer: { status: number; body: unknown }) => [
  answer.status,
  (answer.body as { code: string }).code,
];

describe.each(KINDS)('members on $kind', ({ start }) => {
  let services: GroupServices;
  let api: string;
  beforeAll(async () => {
    services = await start({ ...WITH_TOKENS, PUBLISH_KEYS: KEYS });
    api = services.apiUrl;
  });
  afterAll(async () => {
    await services.stop();
  });

  it('[GRP-17] a join is 201, the same join again 200, and any leave 204', async () => {
    await send(api, 'group:news', '1', '2');
    const first = await join(api, 'news', 'anna');
    expect(first).toEqual({ status: 201, body: { group: 'news', clientId: 'anna', from: 2, since: TIME } });
    await send(api, 'group:news', '3');
    expect(await join(api, 'news', 'anna', 'all')).toEqual({ status: 200, body: first.body });
    expect(await leave(api, 'news', 'anna')).toEqual({ status: 204, body: undefined });
    expect(await leave(api, 'news', 'anna')).toEqual({ status: 204, body: undefined });
    expect(await join(api, 'news', 'anna')).toMatchObject({ status: 201, body: { from: 3 } });
  });

  it.each([
    [{}, 5],
    [{ history: 'from-join' }, 5],
    [{ history: 'all' }, 0],
    [{ history: { last: 2 } }, 3],
    [{ history: { last: 1_000 } }, 0],
    [{ unknown: true }, 5],
  ])('[GRP-1] joined with %j, the stream begins after %i of 5', async (body, from) => {
    const group = `history-${JSON.stringify(body).replaceAll(/\W/g, '')}`;
    await send(api, `group:${group}`, '1', '2', '3', '4', '5');
    const answer = await ask(api, 'PUT', `/groups/${group}/members/ben`, { body });
    expect(answer).toMatchObject({ status: 201, body: { from } });
  });

  it('[GRP-3] a batch adds and removes as a whole, and counts the changed members', async () => {
    const batch = (body: unknown) => ask(api, 'POST', '/groups/team/members/batch', { body });
    expect(await batch({ add: ['a', 'b', 'c'], remove: ['x'] })).toEqual({
      status: 200,
      body: { added: 3, removed: 0 },
    });
    expect(await batch({ add: ['c', 'd'], remove: ['a'] })).toEqual({
      status: 200,
      body: { added: 1, removed: 1 },
    });
    await send(api, 'group:team', '1', '2');
    expect(await batch({ add: ['e'], history: 'all' })).toMatchObject({ body: { added: 1, removed: 0 } });
    expect((await ask(api, 'GET', '/groups/team/members')).body).toEqual({
      group: 'team',
      members: ['b', 'c', 'd', 'e'].map((clientId) => ({ clientId, from: 0, since: TIME })),
      next: null,
    });
  });

  it('[GRP-3] a batch with one invalid id changes nothing', async () => {
    const batch = (body: unknown) => ask(api, 'POST', '/groups/whole/members/batch', { body });
    const thousand = Array.from({ length: 1_000 }, (_, index) => `m${index}`);
    for (const body of [
      { add: ['a', 'a'] },
      { add: ['a'], remove: ['a'] },
      { add: ['a', 'group:b'] },
      { add: ['a', '__proto__'] },
      { add: [], remove: [] },
      {},
      { add: [...thousand, 'a'] },
      { add: thousand, remove: ['a'] },
      { add: ['a'], history: 'some' },
    ])
      expect(code(await batch(body)), JSON.stringify(body).slice(0, 80)).toEqual([400, 'validation_failed']);
    expect((await ask(api, 'GET', '/groups/whole/members')).body).toMatchObject({ members: [] });
    expect(await batch({ add: thousand })).toMatchObject({ status: 200, body: { added: 1_000 } });
  });

  it('[GRP-7] [GRP-17] members and groups come in pages, in the order of their bytes', async () => {
    const ids = ['Zoe', 'a', 'a.b', 'a|b', 'aa', 'b', '_x', '10', '9'];
    for (const clientId of ids) await join(api, 'ordered', clientId);
    const inOrder = [...ids].sort(); // ids are ASCII, so code unit order is byte order
    const seen: string[] = [];
    let after: string | null = '';
    for (let pages = 0; after !== null; pages += 1) {
      expect(pages).toBeLessThanOrEqual(ids.length);
      const query: string = after === '' ? '' : `&after=${encodeURIComponent(after)}`;
      const answer = await ask(api, 'GET', `/groups/ordered/members?limit=2${query}`);
      const page = answer.body as { members: { clientId: string }[]; next: string | null };
      expect(page.members.length).toBeLessThanOrEqual(2);
      seen.push(...page.members.map(({ clientId }) => clientId));
      after = page.next;
    }
    expect(seen).toEqual(inOrder);

    for (const group of ['x', 'X', 'x.1', 'x-1', '1']) await join(api, group, 'collector');
    const groupsOf = (query: string) => ask(api, 'GET', `/clients/collector/groups${query}`);
    expect((await groupsOf('')).body).toEqual({
      clientId: 'collector',
      groups: ['1', 'X', 'x', 'x-1', 'x.1'].map((group) => ({ group, from: 0, since: TIME })),
      next: null,
    });
    expect((await groupsOf('?after=X&limit=2')).body).toMatchObject({
      groups: [{ group: 'x' }, { group: 'x-1' }],
      next: 'x-1',
    });
  });

  it('[GRP-17] an unknown group or client is an empty page', async () => {
    expect(await ask(api, 'GET', '/groups/nobody/members')).toEqual({
      status: 200,
      body: { group: 'nobody', members: [], next: null },
    });
    expect(await ask(api, 'GET', '/clients/nobody/groups')).toEqual({
      status: 200,
      body: { clientId: 'nobody', groups: [], next: null },
    });
  });

  it.each([
    ['PUT', `/groups/${'n'.repeat(123)}/members/anna`, undefined],
    ['PUT', '/groups/a%2Fb/members/anna', undefined],
    ['PUT', '/groups/a%20b/members/anna', undefined],
    ['PUT', '/groups/n%C3%A9e/members/anna', undefined],
    ['PUT', '/groups/bad/members/group%3Ax', undefined],
    ['PUT', '/groups/bad/members/__proto__', undefined],
    ['PUT', `/groups/bad/members/${'c'.repeat(129)}`, undefined],
    ['PUT', '/groups/bad/members/.dot', undefined],
    ['DELETE', '/groups/a%20b/members/anna', undefined],
    ['DELETE', '/groups/bad/members/group%3Ax', undefined],
    ['PUT', '/groups/bad/members/anna', { history: 'none' }],
    ['PUT', '/groups/bad/members/anna', { history: { last: 0 } }],
    ['PUT', '/groups/bad/members/anna', { history: { last: 1_001 } }],
    ['PUT', '/groups/bad/members/anna', { history: { last: 1.5 } }],
    ['PUT', '/groups/bad/members/anna', { history: null }],
    ['PUT', '/groups/bad/members/anna', []],
    ['GET', '/groups/bad/members?limit=0', undefined],
    ['GET', '/groups/bad/members?limit=1001', undefined],
    ['GET', '/groups/bad/members?limit=x', undefined],
    ['GET', '/clients/group%3Ax/groups', undefined],
    ['GET', '/clients/anna/groups?limit=1.5', undefined],
  ])('[GRP-17] %s %s %j is 400', async (method, path, body) => {
    const answer = await ask(api, method, path, body === undefined ? {} : { body });
    expect(code(answer)).toEqual([400, 'validation_failed']);
    expect((await ask(api, 'GET', '/groups/bad/members')).body).toMatchObject({ members: [] });
  });

  it('[GRP-17] names of 122 characters, with every allowed character, are accepted', async () => {
    for (const group of ['n'.repeat(122), 'A-Za-z0-9._~:@|+-', '...', '-'])
      expect(await join(api, group, 'wide')).toMatchObject({
        status: 201,
        body: { group, clientId: 'wide' },
      });
  });

  it('[GRP-17] a body that is not JSON is 400, another content type 415', async () => {
    const broken = await ask(api, 'PUT', '/groups/bad/members/anna', { body: '{"history":' });
    expect(code(broken)).toEqual([400, 'malformed_json']);
    const headers = { Authorization: `Bearer ${KEY}`, 'Content-Type': 'text/plain' };
    const response = await fetch(`${api}/groups/bad/members/batch`, { method: 'POST', headers, body: 'a' });
    expect(response.status).toBe(415);
  });

  it('[GRP-4] a client is in 1,000 groups at most: then 409, and nothing of a batch is stored', async () => {
    const names = Array.from({ length: GROUPS_MAX }, (_, index) => `many-${index}`);
    await inLanes(names, async (name) => {
      expect((await join(api, name, 'busy')).status).toBe(201);
    });
    expect(code(await join(api, 'one-more', 'busy'))).toEqual([409, 'too_many_groups']);
    const add = ['idle', 'busy'];
    const batch = await ask(api, 'POST', '/groups/one-more/members/batch', { body: { add } });
    expect(code(batch)).toEqual([409, 'too_many_groups']);
    expect((await ask(api, 'GET', '/groups/one-more/members')).body).toMatchObject({ members: [] });
    expect(await join(api, 'many-7', 'busy')).toMatchObject({ status: 200 });
    await leave(api, 'many-7', 'busy');
    expect(await join(api, 'one-more', 'busy')).toMatchObject({ status: 201 });
  });

  it('[SEC-14] a key needs the scope members, and its prefixes apply', async () => {
    const statusOf = async (method: string, path: string, bearer: string) =>
      (await ask(api, method, path, { bearer })).status;
    expect(await statusOf('PUT', '/groups/room-1/members/anna', LIMITED_KEY)).toBe(201);
    expect(await statusOf('PUT', '/groups/news/members/zoe', LIMITED_KEY)).toBe(403);
    expect(await statusOf('DELETE', '/groups/news/members/anna', LIMITED_KEY)).toBe(403);
    expect(await statusOf('GET', '/groups/room-1/members', LIMITED_KEY)).toBe(200);
    expect(await statusOf('GET', '/groups/news/members', LIMITED_KEY)).toBe(403);
    expect(await statusOf('GET', '/clients/order-1/groups', LIMITED_KEY)).toBe(200);
    expect(await statusOf('GET', '/clients/anna/groups', LIMITED_KEY)).toBe(403);
    for (const [method, path] of [
      ['PUT', '/groups/room-1/members/ben'],
      ['DELETE', '/groups/room-1/members/anna'],
      ['GET', '/groups/room-1/members'],
      ['GET', '/clients/anna/groups'],
    ] as const)
      expect(await statusOf(method, path, PUBLISHING_KEY), path).toBe(403);
    const add = { bearer: PUBLISHING_KEY, body: { add: ['ben'] } };
    expect((await ask(api, 'POST', '/groups/room-1/members/batch', add)).status).toBe(403);
    expect(await statusOf('PUT', '/groups/room-1/members/ben', 'no-key-at-all')).toBe(401);
  });

  it('[SEC-14] a client reads only its own groups with its token', async () => {
    await join(api, 'own', 'carl');
    const bearer = await tokenOf('carl');
    expect(await ask(api, 'GET', '/clients/carl/groups', { bearer })).toMatchObject({
      status: 200,
      body: { groups: [{ group: 'own' }] },
    });
    expect((await ask(api, 'GET', '/clients/anna/groups', { bearer })).status).toBe(403);
    expect((await ask(api, 'GET', '/groups/own/members', { bearer })).status).toBe(401);
    expect((await ask(api, 'PUT', '/groups/own/members/dora', { bearer })).status).toBe(401);
  });

  it('[SEC-15] [GRP-18] a member reads the group’s log from F, a client with the claim from the start, others not at all', async () => {
    await send(api, 'group:log', '1', '2', '3');
    await join(api, 'log', 'eve');
    await send(api, 'group:log', '4', '5');
    const read = async (bearer: string, query: string) => {
      const { status, body } = await ask(api, 'GET', `/targets/group%3Alog/messages?${query}`, { bearer });
      const page = body as { messages?: { data: string }[]; truncatedBefore?: number };
      return [status, page.messages?.map(({ data }) => data), page.truncatedBefore];
    };
    const eve = await tokenOf('eve');
    expect(await read(eve, 'after=0&limit=10')).toEqual([200, ['4', '5'], 4]);
    expect(await read(eve, 'after=3&limit=10')).toEqual([200, ['4', '5'], null]);
    expect(await read(eve, 'after=4&limit=10')).toEqual([200, ['5'], null]);
    expect(await read(eve, 'before=head&limit=10')).toEqual([200, ['4', '5'], 4]);
    expect(await read(eve, 'before=head&limit=2')).toEqual([200, ['4', '5'], null]);
    expect(await read(eve, 'before=3&limit=10')).toEqual([200, [], 4]);
    expect((await read(await tokenOf('frank'), 'after=0&limit=10'))[0]).toBe(403);
    const claiming = await tokenOf('frank', { groups: ['log'] });
    expect(await read(claiming, 'after=0&limit=10')).toEqual([200, ['1', '2', '3', '4', '5'], null]);
    await leave(api, 'log', 'eve');
    expect((await read(eve, 'after=3&limit=10'))[0]).toBe(403);
  });
});

/** Groups that an application changes inside its own transaction, as the APIs and their users see it. */
import { freshMetrics, publish, waitUntil } from '@postline/test-support';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTwoApiSystem, type TwoApiSystem } from './system.ts';

/** From the commit to the members' list, in ms. */
const MOVED_WITHIN_MS = 2_000;

let system: TwoApiSystem;
let application: Connection;

beforeAll(async () => {
  system = await startTwoApiSystem();
  application = await createConnection(system.database.url);
});
afterAll(async () => {
  await application.end();
  await system.stop();
});

async function request(
  url: string,
  method: string,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(url, { method });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
}

/** Each member with its F, by id. */
async function membersOf(group: string): Promise<string[]> {
  const { body } = await request(`${system.api.url}/groups/${group}/members`, 'GET');
  const members = body['members'] as { clientId: string; from: number }[];
  return members.map(({ clientId, from }) => `${clientId}@${from}`);
}

it('[GRP-8] a room is made, filled and spoken to in one transaction, in the order of the calls', async () => {
  await application.beginTransaction();
  await application.query("CALL publish_message('group:room', 'before everybody')");
  await application.query("CALL join_group('room', 'anna')");
  await application.query("CALL publish_message('group:room', 'for anna')");
  await application.query("CALL join_group('room', 'ben')");
  await application.query("CALL join_group('room', 'guest')");
  await application.query("CALL publish_message('group:room', 'for all')");
  await application.query("CALL leave_group('room', 'guest')");
  expect(await membersOf('room')).toEqual([]);
  await application.commit();
  const members = await waitUntil(
    'the members are there',
    async () => {
      const found = await membersOf('room');
      return found.length > 0 && found;
    },
    MOVED_WITHIN_MS,
  );
  expect(members).toEqual(['anna@1', 'ben@2']);
  const groups = await request(`${system.api.url}/clients/anna/groups`, 'GET');
  expect(groups.body).toMatchObject({ groups: [{ group: 'room', from: 1 }], next: null });

  await application.beginTransaction();
  await application.query("CALL leave_group('room', 'anna')");
  await application.query("CALL join_group('room', 'never')");
  await application.rollback();
});

it('[GRP-9] requests that are sent after the commit, to any API, come after the calls', async () => {
  for (let round = 0; round < 10; round += 1) {
    const group = `after-${round}`;
    const url = round % 2 === 0 ? system.api.url : system.secondApi.url;
    await application.beginTransaction();
    await application.query(`CALL join_group('${group}', 'anna')`);
    await application.query(`CALL publish_message('group:${group}', 'by SQL')`);
    await application.query(`CALL join_group('${group}', 'ben')`);
    await application.commit();
    const posted = await publish(url, { targetId: `group:${group}`, message: 'by HTTP' });
    expect(posted.body).toMatchObject({ offset: 2 });
    await application.query(`CALL join_group('${group}', 'carl')`);
    await application.query(`CALL leave_group('${group}', 'ben')`);
    const joined = await request(`${url}/groups/${group}/members/carl`, 'PUT');
    expect(joined).toMatchObject({ status: 200, body: { clientId: 'carl', from: 2 } });
    const rejoined = await request(`${url}/groups/${group}/members/ben`, 'PUT');
    expect(rejoined).toMatchObject({ status: 201, body: { from: 2 } });
    await application.query(`CALL join_group('${group}', 'dora')`);
    expect(await request(`${url}/groups/${group}/members/dora`, 'DELETE')).toMatchObject({ status: 204 });
    expect(await membersOf(group)).toEqual(['anna@0', 'ben@2', 'carl@2']);
  }
  expect(await membersOf('room')).toEqual(['anna@1', 'ben@2']);
});

it('[GRP-10] a join beyond the limit is logged once and counted, and stops nothing', async () => {
  await application.query(`INSERT INTO members (group_name, client_id, from_offset, state, position)
    SELECT CONCAT('full-', n), 'full', 0, 'member', n FROM JSON_TABLE('[${Array.from({ length: 1_000 }, (_, n) => n + 1).join(',')}]',
      '$[*]' COLUMNS (n INT PATH '$')) numbers`);
  await application.beginTransaction();
  await application.query("CALL join_group('limited', 'full')");
  await application.query("CALL join_group('limited', 'anna')");
  await application.query("CALL publish_message('group:limited', 'goes on')");
  await application.commit();
  await waitUntil('anna is a member', async () => (await membersOf('limited')).join() === 'anna@0');
  const apis = [system.api, system.secondApi];
  const lines = () =>
    apis.flatMap((api) =>
      api.process
        .output()
        .split('\n')
        .filter((line) => line.includes('"limited"')),
    );
  await waitUntil('the dropped join is logged', () => lines().length > 0);
  expect(lines()).toHaveLength(1);
  expect(lines()[0]).toContain('"level":"error"');
  const counts = await Promise.all(
    apis.map(async ({ url }) => {
      const count = /^postline_joins_refused_total(?:{[^}]*})? (\d+)$/m.exec(await freshMetrics(url))?.[1];
      return Number(count);
    }),
  );
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1);
});

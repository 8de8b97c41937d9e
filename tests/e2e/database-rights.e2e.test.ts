/** Every service with the rights of docs/database-rights.md, word for word, and no more. */
import { readFile } from 'node:fs/promises';
import { beginMysqlEpoch } from '@postline/message-store/mysql';
import {
  createTestDatabase,
  publish,
  RelayClient,
  type ServiceProcess,
  startApi,
  startRelay,
  type TestDatabase,
  waitUntil,
} from '@postline/test-support';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';

const UNAVAILABLE = 'Publishing by SQL is missing or outdated';
const PASSWORD = 'Some-1-password';
/** Users as the page names them; on the shared server they get unique names. */
const USERS = ['migrations', 'api', 'relay', 'shop', 'restore'] as const;
type User = (typeof USERS)[number];

let database: TestDatabase;
let root: Connection;
let running: ServiceProcess[];

beforeEach(async () => {
  database = await createTestDatabase(inject('databaseServerUrl'));
  root = await createConnection({ uri: database.url, multipleStatements: true });
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((service) => service.stop()));
  for (const user of USERS) await root.query(`DROP USER IF EXISTS '${nameOf(user)}'@'%'`);
  await root.end();
  await database.drop();
});

const nameOf = (user: User) => `${user}_${database.name.slice(-8)}`;

function urlOf(user: User): string {
  const url = new URL(database.url);
  url.username = nameOf(user);
  url.password = PASSWORD;
  return url.href;
}

/** The lines of the page for one user, for this test's database and user. */
async function grantsOf(user: User): Promise<string[]> {
  const page = await readFile(new URL('../../docs/database-rights.md', import.meta.url), 'utf8');
  const grants = page.match(new RegExp(`^GRANT [^;]* TO '${user}'@'%';`, 'gm')) ?? [];
  return grants.map((grant) =>
    grant.replaceAll('postline.', `${database.name}.`).replace(`'${user}'@`, `'${nameOf(user)}'@`),
  );
}

async function createUser(user: User): Promise<void> {
  await root.query(`CREATE USER '${nameOf(user)}'@'%' IDENTIFIED BY '${PASSWORD}'`);
  const grants = await grantsOf(user);
  expect(grants.length, `grants for ${user} in the page`).toBeGreaterThan(0);
  for (const grant of grants) await root.query(grant);
}

/** By an API whose user does everything; it takes messages too. */
async function makeSchema(): Promise<void> {
  await createUser('migrations');
  const api = await start('migrations', {});
  expect(await publish(api.url, { targetId: 'first', message: 'm' })).toMatchObject({ status: 201 });
  await api.stop();
  running = [];
}

async function start(user: User, env: Record<string, string>): Promise<ServiceProcess> {
  const servers = {
    databaseUrl: urlOf(user),
    redisUrl: inject('redisUrl'),
    redisPrefix: `${database.name}:`,
  };
  const service = await (user === 'relay' ? startRelay(servers, env) : startApi(servers, env));
  running.push(service);
  return service;
}

it('[OPS-14] [SCH-6] with the rights of the page everything works, and nothing is missing in any log', async () => {
  await makeSchema();
  for (const user of ['api', 'relay', 'shop'] as const) await createUser(user);
  const api = await start('api', {
    RETENTION_MESSAGES_PER_TARGET: '2',
    RETENTION_INTERVAL_MS: '2000',
  });
  const relay = await start('relay', {});
  const reader = await RelayClient.identified(relay.url, {
    clientId: 'auth0|5f7c',
    deviceId: 'tv',
    resume: 'last-ack',
  });

  for (let n = 1; n <= 5; n += 1) await publish(api.url, { targetId: 'auth0|5f7c', message: `by HTTP ${n}` });
  const shop = await createConnection({ uri: urlOf('shop') });
  await shop.query(`CALL ${database.name}.publish_message('auth0|5f7c', 'by SQL')`);
  await shop.query(`CALL ${database.name}.join_group('news', 'auth0|5f7c')`);
  await shop.query(`CALL ${database.name}.join_group('news', 'anna')`);
  await shop.query(`CALL ${database.name}.leave_group('news', 'anna')`);
  await shop.end();
  await waitUntil('the joins by SQL are moved', async () => {
    const [rows] = await root.query('SELECT client_id FROM members WHERE state = ?', ['member']);
    return JSON.stringify(rows) === '[{"client_id":"auth0|5f7c"}]';
  });
  const messages = await reader.messagesOnceThereAre(6);
  expect(messages.map((frame) => frame['data'])).toContain('by SQL');
  reader.send({ type: 'ack', offset: 6 });
  const receipts = `${api.url}/targets/${encodeURIComponent('auth0|5f7c')}/receipts`;
  await waitUntil('the ack is kept', async () =>
    (await (await fetch(receipts)).text()).includes('"offset":6'),
  );

  await root.query('ALTER TABLE outbox MODIFY message BLOB NOT NULL');
  await root.query("INSERT INTO outbox (target_id, message) VALUES ('auth0|5f7c', X'EDA080')");
  await waitUntil('it is set aside', () => api.process.output().includes('outbox_refused'));
  await waitUntil('retention has been at work', async () => {
    const [rows] = await root.query("SELECT id FROM messages WHERE target_id = 'auth0|5f7c'");
    return Array.isArray(rows) && rows.length === 2;
  });
  const path = `/clients/${encodeURIComponent('auth0|5f7c')}/connections?refuseTokensIssuedBefore=now`;
  expect((await fetch(`${api.url}${path}`, { method: 'DELETE' })).status).toBe(200);
  expect(await reader.closed()).toBe(4510);
  for (const service of running) {
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
    expect(service.process.output()).not.toMatch(/denied|lacks a right|missing or outdated/);
  }
});

it('[SCH-6] without the right to create procedures it starts, says so once, and a later start completes it', async () => {
  await createUser('migrations');
  const routines = `CREATE ROUTINE, ALTER ROUTINE ON ${database.name}.*`;
  await root.query(`REVOKE ${routines} FROM '${nameOf('migrations')}'@'%'`);
  const first = await start('migrations', {});
  await publish(first.url, { targetId: '1', message: 'by HTTP' });
  const said = first.process
    .output()
    .split('\n')
    .filter((line) => line.includes(UNAVAILABLE));
  expect(said).toHaveLength(1);
  expect(said[0]).toContain('"level":"warn"');
  const call = () => root.query("CALL publish_message('1', 'by SQL')");
  await expect(call()).rejects.toMatchObject({ errno: 1305 });

  await root.query(`GRANT ${routines} TO '${nameOf('migrations')}'@'%'`);
  const second = await start('migrations', {});
  expect(second.process.output()).not.toContain(UNAVAILABLE);
  await call();
  await waitUntil('it is moved', async () => {
    const log = await (await fetch(`${second.url}/targets/1/messages`)).text();
    return log.includes('by SQL');
  });
});

it('[OPS-14] an API that may only read and write rows starts on a schema that is current', async () => {
  await makeSchema();
  await root.query(`CREATE USER '${nameOf('api')}'@'%' IDENTIFIED BY '${PASSWORD}'`);
  await root.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${database.name}.* TO '${nameOf('api')}'@'%'`);
  const api = await start('api', {});
  expect(await publish(api.url, { targetId: '1', message: 'm' })).toMatchObject({ status: 201 });
  expect(api.process.output()).toContain(UNAVAILABLE);
});

it('[OPS-14] [EPO-1] a new epoch is begun with the rights of the page', async () => {
  await makeSchema();
  await createUser('restore');
  const { epoch, targetCount } = await beginMysqlEpoch({ databaseUrl: urlOf('restore') });
  expect(targetCount).toBe(1);
  expect((await root.query('SELECT epoch FROM log_epoch'))[0]).toEqual([{ epoch }]);
});

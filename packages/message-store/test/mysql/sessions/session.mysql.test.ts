import type { TestDatabase } from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { checkSessionVariables } from '../../../src/mysql/sessions/session-settings.ts';
import { SESSION_VARIABLES_QUERY } from '../../../src/mysql/sessions/session-variables.ts';
import { openSession } from '../../../src/mysql/sessions/session.ts';
import { connectTo, createMigratedDatabase, rowsOf } from '../support/migrated-database.ts';

let database: TestDatabase;
let naive: Connection;
beforeAll(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
  naive = await connectTo(database.url);
});
afterAll(async () => {
  await naive.end();
  await database.drop();
});

const never = () => new AbortController().signal;

it('[LOG-9] a session that is not strict would cut a long text and make another client of an id; it is refused', async () => {
  await naive.query("SET SESSION sql_mode = ''");
  await naive.query(
    'CREATE TABLE naive (message TEXT CHARACTER SET latin1, target_id INT, note TEXT CHARACTER SET utf8mb4)',
  );
  const values = ['\u{1f600}', 4_000_000_001, 'x'.repeat(65_536)];
  await naive.query('INSERT INTO naive VALUES (?, ?, ?)', values);
  const [row] = await rowsOf(naive, 'SELECT message, target_id, LENGTH(note) AS bytes FROM naive');
  expect(row).toEqual({ message: '?', target_id: 2_147_483_647, bytes: 65_535 });

  const rows = await rowsOf(naive, SESSION_VARIABLES_QUERY);
  const variables = new Map(rows.map((each) => [String(each['Variable_name']), String(each['Value'])]));
  expect(() => checkSessionVariables(variables, { role: 'read', idleSecondsMax: 7 })).toThrow(
    'sql_mode lacks STRICT_TRANS_TABLES',
  );
});

it('[LOG-9] each role gets a session that was checked', async () => {
  for (const role of ['read', 'write', 'migrate'] as const) {
    const session = await openSession({ databaseUrl: database.url, role, idleSecondsMax: 7 }, never());
    const [row] = await session.select<{ mode: string; zone: string; silence: number; wait: number }>(
      'SELECT @@sql_mode AS mode, @@time_zone AS zone, @@wait_timeout AS silence, @@innodb_lock_wait_timeout AS wait',
      [],
    );
    expect(row?.mode).toContain('STRICT_TRANS_TABLES');
    expect(row?.zone).toBe('+00:00');
    if (role !== 'migrate') expect(row?.silence).toBe(7);
    if (role === 'write') expect(row?.wait).toBe(1);
    session.close();
  }
});

it('[LOG-8] destroying a session rejects what is under way on it at once', async () => {
  const session = await openSession({ databaseUrl: database.url, role: 'read', idleSecondsMax: 7 }, never());
  const startedAt = performance.now();
  const sleeping = session.select('SELECT SLEEP(20)', []);
  session.destroy(new Error('enough'));
  await expect(sleeping).rejects.toMatchObject({ code: 'connection_lost' });
  await expect(session.run('COMMIT')).rejects.toMatchObject({ code: 'connection_lost' });
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

it('[LOG-8] connecting ends with the caller’s signal', async () => {
  const controller = new AbortController();
  const opening = openSession(
    { databaseUrl: database.url, role: 'read', idleSecondsMax: 7 },
    controller.signal,
  );
  controller.abort(new Error('too late'));
  await expect(opening).rejects.toThrow('too late');
});

it('wrong credentials and unknown databases are told by the server’s own error', async () => {
  const url = new URL(database.url);
  url.username = 'nobody-here';
  url.password = 'wrong';
  await expect(
    openSession({ databaseUrl: url.href, role: 'read', idleSecondsMax: 7 }, never()),
  ).rejects.toMatchObject({ code: 'ER_ACCESS_DENIED_ERROR' });
});

it('[DBC-12] a look finds that a session has lost its settings, as behind a proxy that hands it to another connection', async () => {
  const session = await openSession({ databaseUrl: database.url, role: 'write', idleSecondsMax: 7 }, never());
  expect(await session.look()).toEqual(session.facts.server);
  await session.run('SET SESSION innodb_lock_wait_timeout = 50, SESSION wait_timeout = 28800');
  await expect(session.look()).rejects.toMatchObject({
    code: 'session_refused',
    message: expect.stringMatching(/wait_timeout is 28800, not 7; innodb_lock_wait_timeout is 50, not 1/),
  });
  session.close();
});

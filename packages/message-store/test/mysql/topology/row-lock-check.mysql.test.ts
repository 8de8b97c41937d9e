import type { TestDatabase } from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { RowLockCheck } from '../../../src/mysql/topology/row-lock-check.ts';
import { connectTo, createMigratedDatabase } from '../support/migrated-database.ts';

const signal = new AbortController().signal;

let database: TestDatabase;
let root: Connection;
beforeEach(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
  root = await connectTo(database.url);
});
afterEach(async () => {
  await root.query(`DROP USER IF EXISTS ${database.name}@'%'`);
  await root.end();
  await database.drop();
});

const createCheck = (databaseUrl = database.url) =>
  new RowLockCheck({ databaseUrl, role: 'write', idleSecondsMax: 10 });

it('[DBC-12] the locks of InnoDB pass, however many check at once, and nothing stays locked', async () => {
  const checks = Array.from({ length: 8 }, () => createCheck());
  await Promise.all(checks.map((check) => check.check('a', new AbortController().signal)));
  expect(checks.filter(({ lacksRight }) => lacksRight)).toEqual([]);
  await root.query('SELECT * FROM disconnect_head FOR UPDATE NOWAIT');
});

it('[DBC-12] a table without row locks fails, each time until it has them; another server is checked anew', async () => {
  const check = createCheck();
  await check.check('a', signal);
  await root.query('ALTER TABLE disconnect_head ENGINE = MyISAM');
  await check.check('a', signal); // it was checked
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await expect(check.check('b', signal)).rejects.toMatchObject({
      code: 'topology_refused',
      message: expect.stringMatching(/SKIP LOCKED\): two sessions locked the same row at once/),
    });
  }
  await root.query('ALTER TABLE disconnect_head ENGINE = InnoDB');
  await check.check('b', signal);
});

it('[DBC-12] a user who may lock only the second row checks that one; without any right it says so', async () => {
  await root.query(`CREATE USER ${database.name}@'%'`);
  await root.query(`GRANT SELECT ON ${database.name}.messages TO ${database.name}@'%'`);
  const url = new URL(database.url);
  url.username = database.name;
  const reader = createCheck(url.href);
  await reader.check('a', signal);
  expect(reader.lacksRight).toBe(true);
  await root.query(`GRANT SELECT, UPDATE ON ${database.name}.log_epoch TO ${database.name}@'%'`);
  await reader.check('b', signal);
  expect(reader.lacksRight).toBe(false);
});

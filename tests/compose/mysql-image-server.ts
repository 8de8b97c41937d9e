/** Global set-up: the MySQL image of docker-compose.yml as the database server of the tests that want one. */
import { createTestDatabase, waitUntil } from '@postline/test-support';
import type { TestProject } from 'vitest/node';
import { docker } from './compose-project.ts';

const START_MS = 120_000;

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const container = (
    await docker('run', '--detach', '--rm', ...OPTIONS, await imageOfMysql(), ...SERVER_OPTIONS)
  ).trim();
  const stop = async () => {
    await docker('rm', '--force', '--volumes', container);
  };
  try {
    const address = (await docker('port', container, '3306/tcp')).trim();
    const url = `mysql://root@${address}`;
    await waitUntil(`MySQL answers on ${address}`, () => answers(url), START_MS);
    project.provide('databaseServerUrl', url);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

/** For a moment on this machine only, with data that nobody keeps: so root needs no password. */
const OPTIONS = [
  '--publish=127.0.0.1::3306',
  '--tmpfs=/var/lib/mysql',
  '--env=MYSQL_ALLOW_EMPTY_PASSWORD=yes',
  '--env=MYSQL_INITDB_SKIP_TZINFO=yes',
];
const SERVER_OPTIONS = ['--max-connections=500', '--mysqlx=OFF'];

export async function imageOfMysql(): Promise<string> {
  const config = JSON.parse(await docker('compose', 'config', '--format', 'json')) as {
    services: { mysql: { image: string } };
  };
  return config.services.mysql.image;
}

async function answers(url: string): Promise<boolean> {
  const database = await createTestDatabase(url);
  await database.drop();
  return true;
}

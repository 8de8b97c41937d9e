/**
 * Global set-up of the tests that need real servers: one Redis and one MariaDB (or MySQL) for the whole run. With
 * TEST_DATABASE_SERVER_URL (without a database) the tests use that server, to try them against another one.
 */
import type {} from 'vitest';
import type { TestProject } from 'vitest/node';
import { startDatabase } from './database-process.ts';
import { startRedis } from './redis-process.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the shared database server, without a database: createTestDatabase makes one. */
    databaseServerUrl: string;
    /** URL of the shared Redis: use a unique REDIS_PREFIX. Kill and freeze only servers that the test started. */
    redisUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [database, redis] = await Promise.all([sharedDatabase(), startRedis()]);
  project.provide('databaseServerUrl', database.url);
  project.provide('redisUrl', redis.url);
  return async () => {
    await Promise.all([database.stop(), redis.stop()]);
  };
}

interface SharedDatabase {
  readonly url: string;
  stop(): Promise<void>;
}

async function sharedDatabase(): Promise<SharedDatabase> {
  const url = process.env['TEST_DATABASE_SERVER_URL'];
  return url === undefined ? await startDatabase() : { url, stop: () => Promise.resolve() };
}

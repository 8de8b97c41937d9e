import { randomBytes } from 'node:crypto';
import { createTestDatabase, launch, publish, startApi, waitUntil } from '@postline/test-support';
import { expect, inject, it } from 'vitest';

const EXIT_WITHIN_MS = 15_000;

function servers(databaseUrl: string) {
  return { databaseUrl, redisUrl: inject('redisUrl'), redisPrefix: randomBytes(6).toString('hex') };
}

interface Acknowledged {
  readonly targetId: string;
  readonly offset: number;
  readonly id: string;
}

it('[PUB-1] [OPS-6] SIGTERM under load: exit 0 in time, and nothing that was acknowledged is lost', async () => {
  const database = await createTestDatabase(inject('databaseServerUrl'));
  const api = await startApi(servers(database.url));
  const acknowledged: Acknowledged[] = [];
  const publisher = async (number: number) => {
    for (let index = 0; ; index += 1) {
      try {
        const { status, body } = await publish(api.url, { message: `${index}`, targetId: number % 10 });
        if (status !== 201) return status;
        acknowledged.push(body as unknown as Acknowledged);
      } catch {
        return 'refused';
      }
    }
  };
  const publishers = Array.from({ length: 50 }, (_, number) => publisher(number));
  await waitUntil('500 are acknowledged', () => acknowledged.length >= 500);
  const start = performance.now();
  const code = await api.stop();
  expect(code).toBe(0);
  expect(performance.now() - start).toBeLessThan(EXIT_WITHIN_MS);
  // No publisher was told an error on the way out: answers were 201 until connections were no longer taken.
  expect(new Set(await Promise.all(publishers))).toEqual(new Set(['refused']));

  const again = await startApi(servers(database.url));
  const stored = new Set<string>();
  for (let target = 0; target < 10; target += 1) {
    for (let after = 0, head = 1; after < head; ) {
      const answer = await fetch(`${again.url}/targets/${target}/messages?limit=1000&after=${after}`);
      const page = (await answer.json()) as { head: number; messages: Acknowledged[] };
      for (const { id, offset } of page.messages) stored.add(`${target} ${offset} ${id}`);
      head = page.head;
      after = page.messages.at(-1)?.offset ?? head;
    }
  }
  const lost = acknowledged.filter(({ id, targetId, offset }) => !stored.has(`${targetId} ${offset} ${id}`));
  expect(lost).toEqual([]);
  expect(await again.stop()).toBe(0);
  await database.drop();
});

it('[OPS-1] wrong settings: exit code 1 and one line for each', async () => {
  const api = launch('api-server', { PORT: 'x', AUTH: 'required', REDIS_URL: 'redis://127.0.0.1' });
  expect(await api.ended).toBe(1);
  const lines = api.output().trim().split('\n');
  expect(lines.map((line) => line.split(':')[0]).toSorted()).toEqual([
    'CLIENT_TOKEN_SECRET',
    'DATABASE_URL',
    'PORT',
  ]);
});

it('[OPS-4] [SCH-3] an open API says so at start; two that start at once migrate once', async () => {
  const database = await createTestDatabase(inject('databaseServerUrl'));
  const apis = await Promise.all([startApi(servers(database.url)), startApi(servers(database.url))]);
  for (const api of apis) expect(api.process.output()).toMatch(/"level":"warn".*AUTH=open/);
  expect(await Promise.all(apis.map((api) => api.stop()))).toEqual([0, 0]);
  await database.drop();
});

it('[DBC-8] a database that is not there yet is waited for, and in vain only so long', async () => {
  const api = launch('api-server', {
    DATABASE_URL: 'mysql://root@127.0.0.1:1/none',
    REDIS_URL: 'redis://127.0.0.1:1',
    DATABASE_WAIT_MS: '1200',
    PORT: '0',
  });
  expect(await api.ended).toBe(1);
  expect(api.output()).toMatch(
    /waiting for it: nothing listens[^]*\ncould not start: the database cannot be used: nothing listens[^\n]*\n$/,
  );
});

it.each([
  ['a wrong password', 'postline:wrong', '', 'refused the user name or the password'],
  ['an unknown database', 'root', '_none', 'does not exist'],
])('[DBC-8] %s ends the start at once, and the last line says so', async (_, user, suffix, cause) => {
  const url = new URL(inject('databaseServerUrl'));
  const api = launch('api-server', {
    DATABASE_URL: `mysql://${user}@${url.host}/mysql${suffix}`,
    REDIS_URL: 'redis://127.0.0.1:1',
    PORT: '0',
  });
  expect(await api.ended).toBe(1);
  const lastLine = api.output().trim().split('\n').at(-1);
  expect(lastLine).toContain('could not start: the database cannot be used: the database');
  expect(lastLine).toContain(cause);
  expect(api.output()).not.toMatch(/waiting for it/);
});

it('[DBC-5] an unknown parameter ends the start with one line that names it', async () => {
  const api = launch('api-server', {
    DATABASE_URL: 'mysql://root@127.0.0.1:1/none?ssl-modus=REQUIRED',
    REDIS_URL: 'redis://127.0.0.1:1',
    PORT: '0',
  });
  expect(await api.ended).toBe(1);
  expect(api.output().trim()).toMatch(/^DATABASE_URL: the parameter ssl-modus is unknown[^\n]*$/);
});

import { SettingsError } from '@postline/service-runtime';
import { expect, it } from 'vitest';
import { apiSettings, readApiEnvironment } from '../src/configuration.ts';

const SERVERS = { DATABASE_URL: 'mysql://root@127.0.0.1/postline', REDIS_URL: 'redis://127.0.0.1' };

function linesOf(env: Record<string, string>): readonly string[] {
  try {
    readApiEnvironment(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.lines;
    throw error;
  }
  return [];
}

it('has a default for everything but the servers', () => {
  const env = readApiEnvironment(SERVERS);
  expect(env).toMatchObject({ HOST: '127.0.0.1', PORT: 8080, ...SERVERS });
  expect(apiSettings(env)).toMatchObject({ auth: 'open', messageBodyBytesMax: 524_288, hintDeadlineMs: 200 });
});

it('[OPS-1] tells every wrong variable at once, one line for each, and no value', () => {
  const lines = linesOf({
    DATABASE_URL: 'postgres://secret@host/db',
    PORT: '80a',
    LOG_LEVEL: 'loud',
    AUTH: 'maybe',
    ALLOWED_ORIGINS: 'kiosk',
    COMMIT_DEADLINE_MS: '-1',
    HELD_BYTES_MAX: String(2 ** 40), // more than the process can hold
  });
  const names = lines.map((line) => line.split(':')[0]);
  expect(names.toSorted()).toEqual(
    [
      'ALLOWED_ORIGINS',
      'AUTH',
      'COMMIT_DEADLINE_MS',
      'DATABASE_URL',
      'HELD_BYTES_MAX',
      'LOG_LEVEL',
      'PORT',
      'REDIS_URL',
    ].toSorted(),
  );
  expect(lines.join('\n')).not.toMatch(/secret|80a|loud|maybe|kiosk/);
});

it.each(['DATABASE_URL', 'REDIS_URL'] as const)('[OPS-2] names the server that is missing: %s', (name) => {
  expect(linesOf({ ...SERVERS, [name]: '' })).toEqual([`${name}: is required`]);
});

it('[OPS-4] never runs open where authentication is required', () => {
  expect(linesOf({ ...SERVERS, AUTH: 'required' })[0]).toMatch(/^CLIENT_TOKEN_SECRET: is required/);
  expect(linesOf({ ...SERVERS, NODE_ENV: 'production' })).toHaveLength(1);
  expect(
    linesOf({ ...SERVERS, NODE_ENV: 'production', AUTH: 'open', ALLOW_OPEN_IN_PRODUCTION: 'yes' }),
  ).toEqual([]);
});

it('[OPS-1] keys are in one place, and what is wrong with them is told without repeating them', () => {
  const entry = `shop:${'ab'.repeat(32)}`;
  expect(linesOf({ ...SERVERS, PUBLISH_KEYS: entry })).toEqual([]);
  expect(linesOf({ ...SERVERS, PUBLISH_KEYS: `${entry},my-secret-key` })).toEqual([
    expect.stringMatching(/^PUBLISH_KEYS: entry 2 /),
  ]);
  expect(linesOf({ ...SERVERS, PUBLISH_KEYS_FILE: '/there/is/no/such/file' })).toEqual([
    expect.stringMatching(/^PUBLISH_KEYS_FILE: .*ENOENT/),
  ]);
});

it('[OPS-4] an API without keys warns that nobody can publish', () => {
  const CLIENT_TOKEN_SECRET = 'Zq3vN8rT1yW6uE0pL5kJ9hG2fD7sA4xC';
  const env = readApiEnvironment({ ...SERVERS, AUTH: 'required', CLIENT_TOKEN_SECRET });
  expect(apiSettings(env)).toMatchObject({
    warnings: [expect.stringContaining('PUBLISH_KEYS')],
    publishRates: { perKey: 10_000, perAddress: 20_000 },
  });
});

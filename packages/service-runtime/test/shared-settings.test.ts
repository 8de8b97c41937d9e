import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  checkTogether,
  effectiveAuth,
  effectiveUrls,
  type Environment,
  migrationSettings,
  readSettings,
  redisConnections,
  SettingsError,
  backendSettings,
  sharedSettings,
} from '../src/index.ts';

function schemaFor(servers: 'both' | 'both-or-none') {
  return checkTogether(z.object({ ...sharedSettings, ...backendSettings }), servers);
}

function lines(env: Environment, needed: 'both' | 'both-or-none' = 'both-or-none'): readonly string[] {
  try {
    readSettings(schemaFor(needed), env);
  } catch (error) {
    if (error instanceof SettingsError) return error.lines;
    throw error;
  }
  return [];
}

const DATABASE_URL = 'mysql://user:s3cr3t@127.0.0.1:3306/postline';
const REDIS_URL = 'redis://:s3cr3t@127.0.0.1:6379';

describe('shared settings', () => {
  it('have defaults for everything but the servers', () => {
    expect(readSettings(schemaFor('both-or-none'), {})).toEqual({
      LOG_LEVEL: 'info',
      ALLOWED_HOSTS: [],
      SHUTDOWN_DEADLINE_MS: 12_000,
      DATABASE_WRITE_CONNECTIONS_MAX: 4,
      DATABASE_READ_CONNECTIONS_MAX: 8,
      DATABASE_SAVE_CONNECTIONS_MAX: 2,
      DATABASE_CONNECTION_IDLE_MS: 5_000,
      DATABASE_CONNECTION_AGE_MS_MAX: 20_000,
      REDIS_PREFIX: '',
    });
  });

  it('[OPS-2] one real server alone is refused, naming the other', () => {
    const reason = 'is required too: both real servers, or neither';
    expect(lines({ DATABASE_URL })).toEqual([`REDIS_URL: ${reason}`]);
    expect(lines({ REDIS_URL })).toEqual([`DATABASE_URL: ${reason}`]);
    expect(lines({ DATABASE_URL, REDIS_URL })).toEqual([]);
    expect(lines({})).toEqual([]);
  });

  it('[OPS-1] a service of its own needs both', () => {
    expect(lines({}, 'both')).toEqual(['DATABASE_URL: is required', 'REDIS_URL: is required']);
    expect(lines({ REDIS_URL }, 'both')).toEqual(['DATABASE_URL: is required']);
  });

  it('[OPS-7] take a URL from a file, as secrets are mounted, but not twice', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postline-settings-'));
    const file = join(folder, 'database-url');
    await writeFile(file, `${DATABASE_URL}\n`);
    const settings = readSettings(schemaFor('both'), { DATABASE_URL_FILE: file, REDIS_URL });
    expect(effectiveUrls(settings)).toEqual({
      databaseUrl: DATABASE_URL,
      redisUrl: REDIS_URL,
      migrationUrl: DATABASE_URL,
    });
    expect(lines({ DATABASE_URL, DATABASE_URL_FILE: file, REDIS_URL })).toEqual([
      "DATABASE_URL_FILE: can't be set beside DATABASE_URL",
    ]);
    expect(lines({ DATABASE_URL_FILE: join(folder, 'none'), REDIS_URL })).toEqual([
      'DATABASE_URL_FILE: names a file that cannot be read (ENOENT)',
    ]);
    await writeFile(file, 's3cr3t, and no URL');
    const [line] = lines({ DATABASE_URL_FILE: file, REDIS_URL });
    expect(line).toMatch(/^DATABASE_URL_FILE: must be a URL/);
    expect(line).not.toContain('s3cr3t');
    await rm(folder, { recursive: true });
  });

  it('[OPS-7] a user of its own may migrate', () => {
    const schema = checkTogether(
      z.object({ ...sharedSettings, ...backendSettings, ...migrationSettings }),
      'both',
    );
    const DATABASE_MIGRATION_URL = 'mysql://migrator:s3cr3t@127.0.0.1:3306/postline';
    const settings = readSettings(schema, { DATABASE_URL, REDIS_URL, DATABASE_MIGRATION_URL });
    expect(effectiveUrls(settings)).toMatchObject({
      databaseUrl: DATABASE_URL,
      migrationUrl: DATABASE_MIGRATION_URL,
    });
  });

  it('[OPS-1] a missing server is told beside wrong variables, and a wrong one is not called missing', () => {
    expect(lines({ DATABASE_URL: 'postgres://u:s3cr3t@h', LOG_LEVEL: 'loud' }, 'both')).toEqual([
      'LOG_LEVEL: must be fatal, error, warn, info, debug, trace or silent',
      'DATABASE_URL: must be a URL that starts with mysql:// (with % codes for special characters in a password)',
      'REDIS_URL: is required',
    ]);
  });

  it.each(['mysql://u:p@h:3306', 'mysql://u:p@h:3306/'])('[OPS-1] %j names no database', (url) => {
    expect(lines({ DATABASE_URL: url, REDIS_URL })).toEqual([
      'DATABASE_URL: must name a database: mysql://user:password@host:port/database',
    ]);
  });

  it('[OPS-4] the mode is open unless production or AUTH says otherwise', () => {
    expect(effectiveAuth({})).toBe('open');
    expect(effectiveAuth({ NODE_ENV: 'development' })).toBe('open');
    expect(effectiveAuth({ NODE_ENV: 'production' })).toBe('required');
    expect(effectiveAuth({ NODE_ENV: 'production', AUTH: 'open' })).toBe('open');
    expect(effectiveAuth({ AUTH: 'required' })).toBe('required');
  });

  it('[OPS-1] AUTH has one line, whatever is wrong with it', () => {
    expect(lines({ NODE_ENV: 'production' })).toEqual([]);
    expect(lines({ AUTH: 'required' })).toEqual([]);
    expect(lines({ AUTH: 'off', NODE_ENV: 'production' })).toEqual(['AUTH: must be open or required']);
  });

  it('[SEC-10] open in production has to be said twice', () => {
    const open = { AUTH: 'open', NODE_ENV: 'production' };
    expect(lines(open)).toEqual(['AUTH: open with NODE_ENV=production needs ALLOW_OPEN_IN_PRODUCTION=yes']);
    expect(lines({ ...open, ALLOW_OPEN_IN_PRODUCTION: 'no' })).toHaveLength(1);
    expect(lines({ ...open, ALLOW_OPEN_IN_PRODUCTION: 'yes' })).toEqual([]);
    expect(lines({ ...open, ALLOW_OPEN_IN_PRODUCTION: 'true' })).toContain(
      'ALLOW_OPEN_IN_PRODUCTION: must be yes or no',
    );
    expect(lines({ AUTH: 'open', NODE_ENV: 'development' })).toEqual([]);
  });

  it('[BUS-4] a prefix is short and visible', () => {
    expect(readSettings(schemaFor('both-or-none'), { REDIS_PREFIX: 'blue:' }).REDIS_PREFIX).toBe('blue:');
    for (const prefix of ['a b', 'é', 'x'.repeat(65), 'a\n']) {
      expect(lines({ REDIS_PREFIX: prefix })).toEqual([
        'REDIS_PREFIX: must be at most 64 visible ASCII characters',
      ]);
    }
  });

  it('[PUB-13] origins and hosts are lists', () => {
    const settings = readSettings(schemaFor('both-or-none'), {
      ALLOWED_ORIGINS: 'https://shop.example, http://localhost:*',
      ALLOWED_HOSTS: 'Shop.example, api.example',
    });
    expect(settings.ALLOWED_ORIGINS?.exact).toEqual(new Set(['https://shop.example']));
    expect(settings.ALLOWED_HOSTS).toEqual(['shop.example', 'api.example']);
    expect(lines({ ALLOWED_ORIGINS: '*' })).toHaveLength(1);
  });

  it('[BUS-6] parameters of REDIS_URL that are not known are refused by name, and no value is repeated', () => {
    const given = lines({ DATABASE_URL, REDIS_URL: 'rediss://:s3cr3t@h?ssl_cert_reqs=none' });
    expect(given).toEqual([
      'REDIS_URL: the parameter ssl_cert_reqs must be required: certificates are always verified; REDIS_CA_FILE names a private authority',
    ]);
  });

  it('[BUS-6] REDIS_CA_FILE must be readable, hold certificates, and have a use', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postline-ca-'));
    const file = join(folder, 'ca.pem');
    await writeFile(file, '-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n');
    const ca = (path: string, url: string) => lines({ DATABASE_URL, REDIS_URL: url, REDIS_CA_FILE: path });
    expect(ca(file, 'rediss://h')).toEqual(['REDIS_CA_FILE: holds a broken certificate']);
    expect(ca(join(folder, 'none'), 'rediss://h')[0]).toContain('cannot be read (ENOENT)');
    await writeFile(file, rootCertificates[0] ?? '');
    expect(ca(file, 'rediss://h')).toEqual([]);
    expect(ca(file, 'redis://h')).toEqual([
      'REDIS_CA_FILE: requires TLS, but REDIS_URL does not use it: it must start with rediss://',
    ]);
    expect(ca(file, 'rediss+sentinel://a,b/main')).toEqual([]);
    expect(ca(file, 'redis+cluster://a,b')).toHaveLength(1);
    await rm(folder, { recursive: true });
  });

  it('[BUS-6] a password of sentinels comes from a variable or a file, and must have a use', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postline-sentinel-'));
    const file = join(folder, 'password');
    await writeFile(file, 's3cr3t\n');
    const sentinels = { DATABASE_URL, REDIS_URL: 'redis+sentinel://a,b/main' };
    const passwordOf = (env: Record<string, string>) =>
      redisConnections(readSettings(schemaFor('both'), { ...sentinels, ...env })).sentinelPassword;
    expect(passwordOf({})).toBeUndefined();
    expect(passwordOf({ REDIS_SENTINEL_PASSWORD: 's3cr3t' })).toBe('s3cr3t');
    expect(passwordOf({ REDIS_SENTINEL_PASSWORD_FILE: file })).toBe('s3cr3t');
    expect(
      lines({ ...sentinels, REDIS_SENTINEL_PASSWORD: 's3cr3t', REDIS_SENTINEL_PASSWORD_FILE: file }),
    ).toEqual(["REDIS_SENTINEL_PASSWORD_FILE: can't be set beside REDIS_SENTINEL_PASSWORD"]);
    expect(lines({ DATABASE_URL, REDIS_URL, REDIS_SENTINEL_PASSWORD_FILE: file })).toEqual([
      'REDIS_SENTINEL_PASSWORD_FILE: is for sentinels, but REDIS_URL names none: it must start with redis+sentinel://',
    ]);
    await rm(folder, { recursive: true });
  });

  it('[BUS-6] a wrong list of hosts is one line that repeats nothing of the URL', () => {
    expect(lines({ DATABASE_URL, REDIS_URL: 'redis+sentinel://u:s3cr3t@a:1,b:x/main' })).toEqual([
      'REDIS_URL: must name hosts as host:port,host:port, and number 2 is not written so',
    ]);
  });
});

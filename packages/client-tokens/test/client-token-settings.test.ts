import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Environment, readSettings, SettingsError, sharedSettings } from '@postline/service-runtime';
import { makeTempFolder } from '@postline/test-support';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkClientTokens, clientTokenEnvironment, clientTokenSettings } from '../src/index.ts';

const SECRET = 'mZ4w7Qp1Xc9Lk2Vt8Rb5Nf3Hj6Gd0Sya';
const JWKS = 'https://login.example/keys';

const schema = z
  .object({ NODE_ENV: sharedSettings.NODE_ENV, AUTH: sharedSettings.AUTH, ...clientTokenEnvironment })
  .superRefine(checkClientTokens, { when: () => true });

const read = (env: Environment) => clientTokenSettings(readSettings(schema, { AUTH: 'required', ...env }));

function linesOf(env: Environment): readonly string[] {
  try {
    read(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.lines;
    throw error;
  }
  return [];
}

const namesOf = (env: Environment) => linesOf(env).map((line) => line.split(':')[0]);

describe('settings of client tokens', () => {
  it('[TOK-2] where authentication is required there is exactly one way to check tokens', () => {
    expect(namesOf({})).toEqual(['CLIENT_TOKEN_SECRET']);
    expect(namesOf({ CLIENT_TOKEN_SECRET: SECRET, CLIENT_TOKEN_JWKS_URL: JWKS })).toEqual([
      'CLIENT_TOKEN_JWKS_URL',
    ]);
    expect(namesOf({ CLIENT_TOKEN_SECRET: SECRET })).toEqual([]);
    expect(namesOf({ CLIENT_TOKEN_JWKS_URL: JWKS })).toEqual([]);
  });

  it('[TOK-2] production needs one unless it is told to be open', () => {
    expect(namesOf({ AUTH: undefined, NODE_ENV: 'production' })).toEqual(['CLIENT_TOKEN_SECRET']);
    expect(read({ AUTH: 'open', NODE_ENV: 'production' })).toBeUndefined();
    expect(read({ AUTH: undefined })).toBeUndefined();
  });

  it('[TOK-2] are read as they are', () => {
    expect(
      read({ CLIENT_TOKEN_SECRET: SECRET, CLIENT_TOKEN_ISSUER: 'me', CLIENT_TOKEN_AUDIENCE: 'us' }),
    ).toEqual({ key: { kind: 'secret', secret: SECRET }, issuer: 'me', audience: 'us' });
    expect(read({ CLIENT_TOKEN_JWKS_URL: JWKS, CLIENT_TOKEN_JWKS_KEEP_SECONDS: '60' })).toEqual({
      key: { kind: 'jwks', url: JWKS, keepMs: 60_000 },
      issuer: undefined,
      audience: undefined,
    });
  });

  it('[TOK-2] a secret can be in a file, with a line end that does not count', async () => {
    const folder = await makeTempFolder('secret');
    const file = join(folder.path, 'secret');
    await writeFile(file, `${SECRET}\r\n`);
    expect(read({ CLIENT_TOKEN_SECRET_FILE: file })?.key).toEqual({ kind: 'secret', secret: SECRET });
    await writeFile(file, 'short\n');
    expect(linesOf({ CLIENT_TOKEN_SECRET_FILE: file })).toMatchObject([/^CLIENT_TOKEN_SECRET_FILE: .*32/]);
    await folder.remove();
    expect(linesOf({ CLIENT_TOKEN_SECRET_FILE: file })).toEqual([
      'CLIENT_TOKEN_SECRET_FILE: names a file that cannot be read (ENOENT)',
    ]);
  });

  it.each([
    'https://login.example/keys',
    'http://localhost:8081/k',
    'http://127.0.0.1/k',
    'http://[::1]:1/k',
  ])('[TOK-2] keys may come from %s', (url) => {
    expect(namesOf({ CLIENT_TOKEN_JWKS_URL: url })).toEqual([]);
  });

  it.each([
    'http://login.example/keys',
    'http://localhost.evil.example/keys',
    'http://127.0.0.1.evil.example/keys',
    'http://128.0.0.1/keys',
    'https://user:password@login.example/keys',
    'file:///keys.json',
    'login.example/keys',
  ])('[TOK-2] keys may not come from %s', (url) => {
    expect(namesOf({ CLIENT_TOKEN_JWKS_URL: url })).toEqual(['CLIENT_TOKEN_JWKS_URL']);
  });

  it('[TOK-3][OPS-1] everything that is wrong is told at once, and no value is repeated', () => {
    const lines = linesOf({
      AUTH: 'required',
      CLIENT_TOKEN_SECRET: 'please-change-me',
      CLIENT_TOKEN_JWKS_URL: 'ftp://keys.example',
      CLIENT_TOKEN_JWKS_KEEP_SECONDS: 'long',
    });
    expect(lines.map((line) => line.split(':')[0]).sort()).toEqual([
      'CLIENT_TOKEN_JWKS_KEEP_SECONDS',
      'CLIENT_TOKEN_JWKS_URL',
      'CLIENT_TOKEN_SECRET',
    ]);
    expect(lines.join()).not.toMatch(/please-change|keys\.example/);
  });
});

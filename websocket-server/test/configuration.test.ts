import { SettingsError } from '@postline/service-runtime';
import { describe, expect, it } from 'vitest';
import { readRelayEnvironment, relaySettings } from '../src/configuration.ts';

const SERVERS = {
  DATABASE_URL: 'mysql://user:secret@127.0.0.1:3306/postline',
  REDIS_URL: 'redis://127.0.0.1:6379',
};

function linesOf(env: Record<string, string>): readonly string[] {
  try {
    readRelayEnvironment(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.lines;
    throw error;
  }
  return [];
}

describe('readRelayEnvironment', () => {
  it('has the documented defaults', () => {
    expect(readRelayEnvironment(SERVERS)).toMatchObject({
      PORT: 3000,
      HOST: '127.0.0.1',
      LOG_LEVEL: 'info',
      HEARTBEAT_SECONDS: 25,
      IDENTIFY_TIMEOUT_MS: 10_000,
      NO_PROGRESS_MS: 30_000,
      REDIS_PREFIX: '',
    });
  });

  it('[OPS-1] names every wrong variable at once, one line for each', () => {
    const lines = linesOf({
      DATABASE_URL: 'postgres://127.0.0.1/postline',
      PORT: '65536',
      HEARTBEAT_SECONDS: '0',
      SERVE_PAGE: 'maybe',
      PUBLIC_API_URL: 'ftp://api',
      ALLOWED_ORIGINS: 'shop.example',
      LOG_LEVEL: 'loud',
    });
    const names = [
      'ALLOWED_ORIGINS',
      'DATABASE_URL',
      'HEARTBEAT_SECONDS',
      'LOG_LEVEL',
      'PORT',
      'PUBLIC_API_URL',
    ];
    expect(lines.map((line) => line.split(':')[0]).sort()).toEqual([...names, 'REDIS_URL', 'SERVE_PAGE']);
  });

  it('[OPS-1] needs both servers', () => {
    expect(linesOf({})).toEqual(['DATABASE_URL: is required', 'REDIS_URL: is required']);
  });

  it('[OPS-1] never repeats a value: it may be a secret', () => {
    expect(linesOf({ ...SERVERS, DATABASE_URL: 'http://user:secret@host/db' }).join()).not.toContain(
      'secret',
    );
  });

  it('[OPS-4] production does not run open unless that is confirmed', () => {
    expect(linesOf({ ...SERVERS, NODE_ENV: 'production' })).toHaveLength(1);
    expect(
      linesOf({ ...SERVERS, NODE_ENV: 'production', AUTH: 'open', ALLOW_OPEN_IN_PRODUCTION: 'yes' }),
    ).toEqual([]);
  });
});

describe('relaySettings', () => {
  const settingsOf = (env: Record<string, string>) =>
    relaySettings(readRelayEnvironment({ ...SERVERS, ...env }), 8080);

  it('[TOK-2] with AUTH=required it knows how to check tokens, and serves no page', () => {
    const CLIENT_TOKEN_SECRET = 'mZ4w7Qp1Xc9Lk2Vt8Rb5Nf3Hj6Gd0Sya';
    expect(settingsOf({ AUTH: 'required', CLIENT_TOKEN_SECRET })).toMatchObject({
      auth: 'required',
      clientTokens: { key: { kind: 'secret', secret: CLIENT_TOKEN_SECRET } },
      servePage: false,
      connectionsPerClientMax: 1_000,
    });
    expect(settingsOf({ CLIENT_TOKEN_SECRET })).toMatchObject({
      clientTokens: undefined,
      connectionsPerClientMax: 10_000,
    });
    expect(linesOf({ ...SERVERS, AUTH: 'required' })).toMatchObject([/^CLIENT_TOKEN_SECRET: is required/]);
  });

  it('serves the page in open mode by default', () => {
    const settings = (env: Record<string, string>) =>
      relaySettings(readRelayEnvironment({ ...SERVERS, ...env }), 8080);
    expect(settings({})).toMatchObject({
      auth: 'open',
      servePage: true,
      apiPort: 8080,
      publicApiUrl: undefined,
    });
    expect(settings({ SERVE_PAGE: 'no', PUBLIC_API_URL: 'https://api.example' })).toMatchObject({
      servePage: false,
      publicApiUrl: 'https://api.example',
    });
  });
});

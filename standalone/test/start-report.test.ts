import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readStandaloneEnvironment } from '../src/configuration.ts';
import { bannerLines, startReport } from '../src/start-report.ts';

const REQUIRED = { AUTH: 'required', CLIENT_TOKEN_SECRET: randomBytes(48).toString('base64') };

function report(env: Readonly<Record<string, string>> = {}) {
  return startReport({ env: readStandaloneEnvironment(env), apiPort: 81, relayPort: 82, place: '/data/x' });
}

describe('what a start prints', () => {
  it('[STA-6] names the ports that it listens on', () => {
    expect(report({ API_PORT: '0', RELAY_PORT: '0' })).toEqual({
      page: 'http://localhost:82/?clientId=1',
      api: 'http://localhost:81',
      docs: 'http://localhost:81/docs',
      relay: 'ws://localhost:82',
      auth: 'open',
      data: '/data/x',
    });
  });

  it.each([
    ['0.0.0.0', 'http://localhost:81'],
    ['::', 'http://localhost:81'],
    ['192.0.2.7', 'http://192.0.2.7:81'],
    ['2001:db8::7', 'http://[2001:db8::7]:81'],
    ['shop.internal', 'http://shop.internal:81'],
  ])('[STA-6] HOST=%s is called at %s', (HOST, api) => {
    expect(report({ HOST }).api).toBe(api);
  });

  it('[STA-6] names the page only where it is served', () => {
    expect(report(REQUIRED)).toMatchObject({ page: undefined, auth: 'required' });
    expect(report({ ...REQUIRED, SERVE_PAGE: 'yes' }).page).toBe('http://localhost:82/?clientId=1');
    expect(report({ SERVE_PAGE: 'no' }).page).toBeUndefined();
  });

  it.each([
    [{}, 'http://localhost:82'],
    [{ HOST: '192.0.2.7' }, 'http://192.0.2.7:82'],
    [{ ALLOWED_ORIGINS: 'https://shop.example' }, 'http://localhost:82'],
    [{ ALLOWED_ORIGINS: 'http://localhost:82' }, undefined],
    [{ ALLOWED_ORIGINS: 'http://localhost:*' }, undefined],
  ])('[STA-6] AUTH=required, SERVE_PAGE=yes, %o: the banner says which origin to allow', (env, origin) => {
    const started = report({ ...REQUIRED, SERVE_PAGE: 'yes', ...env });
    expect(started.originToAllow).toBe(origin);
    const text = bannerLines(started).join('\n');
    if (origin === undefined) expect(text).not.toContain('ALLOWED_ORIGINS');
    else expect(text).toContain(`add ${origin} to ALLOWED_ORIGINS`);
  });

  it('[STA-6] says nothing of origins in open mode, or where the page is not served', () => {
    for (const env of [{}, REQUIRED]) expect(report(env).originToAllow).toBeUndefined();
  });

  it('[STA-1] [STA-6] the banner has page, API, docs, relay, mode and data', () => {
    const open = bannerLines(report()).join('\n');
    for (const text of [':82/?clientId=1', ':81', ':81/docs', 'ws://localhost:82', 'AUTH=open', '/data/x'])
      expect(open).toContain(text);
    const required = bannerLines(report(REQUIRED)).join('\n');
    expect(required).toContain('AUTH=required');
    expect(required).toContain('not served (SERVE_PAGE=yes serves it)');
  });
});

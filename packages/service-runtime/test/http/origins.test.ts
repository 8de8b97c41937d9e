import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  defaultOriginRules,
  effectiveOriginRules,
  isHostAllowed,
  isOriginAllowed,
  type OriginRules,
  parseOriginRules,
} from '../../src/index.ts';

function rulesOf(text: string): OriginRules {
  const result = parseOriginRules(text);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

describe('origin rules', () => {
  it.each([
    '*',
    '',
    'shop.example',
    'https://shop.example/',
    'https://shop.example/path',
    'https://Shop.example',
    'https://shop.example:443',
    'https://*.shop.example',
    'https://shop.example:*',
    'http://localhost.evil.example:*',
    'file:///',
    'https://user@shop.example',
    'https://a.example,,https://b.example',
    'Null',
    'capacitor://localhost/',
    'capacitor://*',
    'app://user@x',
    'app://x?y',
    'App://x',
    'app:x',
    'app://\u00e9',
    'app://a b',
  ])('[PUB-13] %j is no rule', (text) => {
    expect(parseOriginRules(text).ok).toBe(false);
  });

  it('[PUB-13] are exact origins, null, or any port of this machine', () => {
    const rules = rulesOf('https://shop.example, http://localhost:*, null,http://[::1]:*');
    expect(rules.exact).toEqual(new Set(['https://shop.example', 'null']));
    expect(rules.anyPortOf).toEqual(new Set(['http://localhost', 'http://[::1]']));
  });

  it.each([
    'capacitor://localhost',
    'ionic://localhost',
    'tauri://localhost',
    'app://.',
    'app://Desktop.example:8080',
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
    'moz-extension://c0ffee00-1234-4abc-9def-0123456789ab',
    'file://',
    'vscode-webview://x_y~z',
  ])('[PUB-13] %j is an exact origin, whatever Node makes of it', (origin) => {
    const rules = rulesOf(`https://shop.example,${origin}`);
    expect(isOriginAllowed(rules, origin)).toBe(true);
    for (const other of [`${origin}x`, origin.toUpperCase(), `${origin}/`, 'null', `x${origin}`])
      expect(isOriginAllowed(rules, other)).toBe(false);
  });

  it('[PUB-13] null can be taken out', () => {
    const allows = (settings: Parameters<typeof effectiveOriginRules>[0], origin = 'null') =>
      isOriginAllowed(effectiveOriginRules(settings), origin);
    expect(allows({ AUTH: 'open' })).toBe(true);
    expect(allows({ AUTH: 'open', ALLOW_NULL_ORIGIN: true })).toBe(true);
    expect(allows({ AUTH: 'open', ALLOW_NULL_ORIGIN: false })).toBe(false);
    expect(allows({ AUTH: 'open', ALLOW_NULL_ORIGIN: false }, 'http://localhost:1')).toBe(true);
    expect(allows({ AUTH: 'required', ALLOW_NULL_ORIGIN: true })).toBe(false);
    const ALLOWED_ORIGINS = rulesOf('null,https://a.example');
    expect(allows({ AUTH: 'required', ALLOWED_ORIGINS })).toBe(true);
    expect(allows({ AUTH: 'required', ALLOWED_ORIGINS, ALLOW_NULL_ORIGIN: false })).toBe(false);
  });

  it('[PUB-13] nobody is allowed by default where authentication is required', () => {
    const rules = defaultOriginRules('required');
    for (const origin of ['null', 'http://localhost:3000', 'https://shop.example']) {
      expect(isOriginAllowed(rules, origin)).toBe(false);
    }
    expect(isOriginAllowed(rules, undefined)).toBe(true); // no browser
  });
});

describe('isOriginAllowed', () => {
  const open = defaultOriginRules('open');

  it.each([
    'null',
    'http://localhost',
    'http://localhost:3000',
    'http://localhost:65535',
    'http://127.0.0.1:8080',
  ])('[PUB-13] in open mode %j is one of this machine', (origin) => {
    expect(isOriginAllowed(open, origin)).toBe(true);
  });

  it.each([
    '',
    'Null',
    'null, http://localhost',
    'http://localhost:3000.evil.example',
    'http://localhost:3000@evil.example',
    'http://localhost@evil.example',
    'http://evil.example@localhost',
    'http://localhost.evil.example',
    'http://evillocalhost:3000',
    'http://evil.example/localhost:3000',
    'http://localhost:3000/',
    'http://localhost:3000/path',
    'http://localhost:',
    'http://localhost:80',
    'http://localhost:65536',
    'http://localhost:*',
    'http://localhost.:3000',
    'HTTP://localhost:3000',
    'http://LOCALHOST:3000',
    'https://localhost:3000',
    'ws://localhost:3000',
    'http://127.0.0.1.evil.example',
    'http://127.1:3000',
    'http://2130706433:3000',
    'http://[::1]:3000',
    ' http://localhost:3000',
    'http://localhost:3000 ',
    'http://local\u{1F600}host',
    'http:localhost',
    'localhost:3000',
    'file://',
    'https://shop.example',
  ])('[PUB-13] in open mode %j is a stranger', (origin) => {
    expect(isOriginAllowed(open, origin)).toBe(false);
  });

  it('[PUB-13] a list given replaces the default, and is exact', () => {
    const rules = rulesOf('https://shop.example');
    expect(isOriginAllowed(rules, 'https://shop.example')).toBe(true);
    for (const origin of [
      'http://shop.example',
      'https://shop.example:8443',
      'https://a.shop.example',
      'null',
    ]) {
      expect(isOriginAllowed(rules, origin)).toBe(false);
    }
  });

  it('[PUB-13] any text gives an answer, and only this machine passes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.webUrl(),
          fc.string(),
          fc.string().map((tail) => `http://localhost${tail}`),
        ),
        (text) => {
          if (isOriginAllowed(open, text))
            expect(text).toMatch(/^(null|http:\/\/(localhost|127\.0\.0\.1)(:\d{1,5})?)$/);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('isHostAllowed', () => {
  it.each([
    'localhost',
    'localhost:3000',
    'LOCALHOST:3000',
    'app.localhost:3000',
    '127.0.0.1',
    '127.0.0.1:8080',
    '192.168.1.20:3000',
    '[::1]:3000',
    'api-server:8080',
    'api_server',
    'shop.example',
    'Shop.Example:443',
  ])('[PUB-13] %j passes', (host) => {
    expect(isHostAllowed(['shop.example'], host)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'evil.example',
    'evil.example:3000',
    'shop.example.evil.example',
    'sub.shop.example',
    'shop.example.',
    'localhost.evil.example',
    'localhost:3000.evil.example',
    'evil.example@localhost',
    'localhost/evil.example',
    'localhost#evil.example',
    '127.0.0.1.evil.example',
    '127.0.0.1.nip.io',
    'localhost, evil.example',
    'local host',
    '::1',
    '[::1',
    'localhost:99999',
  ])('[PUB-13] %j does not: its name may be a stranger’s (DNS rebinding)', (host) => {
    expect(isHostAllowed(['shop.example'], host)).toBe(false);
  });
});

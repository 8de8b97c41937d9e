import { describe, expect, it } from 'vitest';
import { loadPage } from '../../src/http/page.ts';
import { TEST_SETTINGS } from '../support/relay-settings.ts';

function metaOf(html: string, name: string): string | undefined {
  return new RegExp(`<meta name="${name}" content="([^"]*)">`).exec(html)?.[1];
}

describe('loadPage', () => {
  it('[PAGE-4] fills in where the API is: on the host that the page was asked from', () => {
    const page = loadPage(TEST_SETTINGS);
    expect(metaOf(page.html('box.local:3000'), 'postline-api-url')).toBe('http://box.local:8080');
    expect(metaOf(page.html('[::1]:3000'), 'postline-api-url')).toBe('http://[::1]:8080');
    expect(metaOf(page.html('localhost'), 'postline-auth')).toBe('open');
  });

  it('[PAGE-4] or at the URL that is set', () => {
    const page = loadPage({ ...TEST_SETTINGS, publicApiUrl: 'https://api.example/v1?a=1&b="2"' });
    expect(metaOf(page.html('localhost'), 'postline-api-url')).toBe(
      'https://api.example/v1?a=1&amp;b=&quot;2&quot;',
    );
    expect(page.contentSecurityPolicy('localhost:3000')).toContain(
      "connect-src 'self' ws://localhost:3000 wss://localhost:3000 https://api.example;",
    );
  });

  it('[PAGE-12] is in one piece: nothing in it is looked for at an address', () => {
    const html = loadPage(TEST_SETTINGS)
      .html('localhost:3000')
      .replaceAll(/<(script|style)>[^]*?<\/\1>/g, '');
    const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address);
    expect(addresses.length).toBeGreaterThan(3);
    expect(addresses.filter((address) => !/^(#|\?|data:)/.test(String(address)))).toEqual([]);
    expect(html).not.toContain('http-equiv');
  });

  it('[PAGE-2] lets no script run but the page’s own', () => {
    const policy = loadPage(TEST_SETTINGS).contentSecurityPolicy('localhost:3000');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toMatch(/script-src 'sha256-[\w+/]{43}=';/);
    expect(policy).toMatch(/style-src 'sha256-[\w+/]{43}=';/);
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toContain('unsafe');
  });
});

import { afterEach, describe, expect, it, vi } from 'vitest';
import { apiUrl } from '../src/publisher/api-request.ts';
import { relayUrl } from '../src/connection/relay-link.ts';

/** A page or a worker at this address. */
function inPage(href: string): void {
  vi.stubGlobal('location', new URL(href));
}

const NOT_ENCRYPTED = new TypeError('invalid option url: not encrypted');

function problemOf(make: () => unknown): unknown {
  try {
    return make();
  } catch (error) {
    return error;
  }
}

describe('addresses', () => {
  afterEach(() => vi.unstubAllGlobals());

  it.each([
    ['http://localhost:3000', 'ws://localhost:3000/'],
    ['https://example.com/push/', 'wss://example.com/push/'],
    ['WSS://Example.com/push?a=1', 'wss://example.com/push?a=1'],
  ])('[SDK-17] %s is %s', (given, address) => {
    expect(relayUrl(given)).toBe(address);
    expect(relayUrl(new URL(given))).toBe(address);
  });

  it.each([
    ['https://example.com/push/?clientId=1#top', '', 'wss://example.com/push/?clientId=1'],
    ['https://example.com/push/', '.', 'wss://example.com/push/'],
    ['https://example.com/shop/cart', '/push', 'wss://example.com/push'],
    ['https://example.com/shop/cart', '../push/', 'wss://example.com/push/'],
    ['http://example.com/shop', '//relay.example.com/x', 'ws://relay.example.com/x'],
  ])('[SDK-17] on the page %s, %j is %s', (page, given, address) => {
    inPage(page);
    expect(relayUrl(given)).toBe(address);
  });

  it('[SDK-17] a page may set another base for its addresses', () => {
    inPage('https://example.com/shop/cart');
    vi.stubGlobal('document', { baseURI: 'https://example.com/push/' });
    expect(relayUrl('relay')).toBe('wss://example.com/push/relay');
  });

  it.each([
    'http://localhost:3000/#room',
    'http://localhost:3000/#',
    'ftp://localhost/',
    'localhost:3000',
    '/push',
    '',
    'http://',
    'http://a b/',
    'http://localhost:99999/',
    'javascript:alert(1)',
    'file:///relay',
    undefined,
    null,
    3000,
    {},
  ])('[SDK-17] %j can never work: a TypeError names the url and the fault', (given) => {
    for (const read of [relayUrl, apiUrl]) {
      const fault = JSON.stringify(given ?? null).includes('localhost:3000/#')
        ? '#fragment'
        : 'scheme or host';
      expect(problemOf(() => read(given))).toMatchObject({
        name: 'TypeError',
        message: `invalid option url: ${fault}`,
      });
    }
  });

  it('[SDK-17] an https page may use an http address only on its own machine', () => {
    inPage('https://example.com/');
    for (const address of ['http://example.com', 'ws://relay.example.com/', 'http://localhost.example.com/'])
      expect(problemOf(() => relayUrl(address))).toEqual(NOT_ENCRYPTED);
    for (const address of [
      'ws://localhost:3000/',
      'ws://127.0.0.1:3000/',
      'ws://[::1]/',
      'ws://a.localhost/',
    ])
      expect(relayUrl(address)).toBe(address);
    expect(problemOf(() => apiUrl('http://api.example.com'))).toEqual(NOT_ENCRYPTED);
    inPage('http://example.com/');
    expect(relayUrl('http://example.com')).toBe('ws://example.com/');
  });

  it('[SDK-17] an API address with a password is refused, and the error does not contain it', () => {
    const problem = problemOf(() => apiUrl('https://me:secret@api.example.com/'));
    expect(problem).toEqual(new TypeError('invalid option url: it contains a password; use the option key'));
  });

  it('[SDK-17] on a platform without URL an address is used as it is', () => {
    vi.stubGlobal('URL', undefined);
    expect(relayUrl('https://example.com/push')).toBe('wss://example.com/push');
    expect(problemOf(() => relayUrl('/push'))).toBeInstanceOf(TypeError);
    expect(apiUrl('https://example.com/push/api/')).toBe('https://example.com/push/api');
  });
});

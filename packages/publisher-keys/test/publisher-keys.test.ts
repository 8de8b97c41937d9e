import { describe, expect, it } from 'vitest';
import { keyDigest, mayAddress, parsePublisherKeys, type PublisherKeys } from '../src/publisher-keys.ts';

const [SHOP, NEWS] = [keyDigest('shop-key'), keyDigest('news-key')];

function keysOf(text: string): PublisherKeys {
  const parsed = parsePublisherKeys(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function faultOf(text: string): string {
  const parsed = parsePublisherKeys(text);
  return parsed.ok ? '' : parsed.error;
}

describe("publishers' keys", () => {
  it('[SEC-3] are found by the key, not by its digest, its name or a part of it', () => {
    const keys = keysOf(`shop:${SHOP}, news:${NEWS.toUpperCase()};read`);
    expect(keys.size).toBe(2);
    expect(keys.find('shop-key')?.name).toBe('shop');
    expect(keys.find('news-key')?.name).toBe('news');
    for (const wrong of ['', 'shop', SHOP, 'shop-ke', 'shop-key ', 'Shop-key', '__proto__', 'constructor']) {
      expect(keys.find(wrong)).toBeUndefined();
    }
  });

  it('[SEC-2] have the scopes of their entry; default: publish and batch', () => {
    const scopes = (entry: string) => [...(keysOf(`shop:${SHOP}${entry}`).find('shop-key')?.scopes ?? [])];
    expect(scopes('')).toEqual(['publish', 'batch']);
    expect(scopes(';')).toEqual(['publish', 'batch']);
    expect(scopes(';prefix=order-')).toEqual(['publish', 'batch']);
    expect(scopes(';read')).toEqual(['read']);
    expect(scopes('; publish ; manage;prefix=a')).toEqual(['publish', 'manage']);
  });

  it('[SEC-2] address targets that start with one of their prefixes', () => {
    const may = (entry: string, targetId: string) => {
      const publisher = keysOf(`shop:${SHOP}${entry}`).find('shop-key');
      return publisher !== undefined && mayAddress(publisher, targetId);
    };
    expect(may('', 'anything')).toBe(true);
    expect(may(';prefix=auth0|', 'auth0|5f7c')).toBe(true);
    expect(may(';prefix=_;prefix=user+', 'user+tag@shop.example')).toBe(true);
    expect(may(';prefix=_', '-a')).toBe(false);
    expect(may(';prefix=order-', 'order-1')).toBe(true);
    expect(may(';prefix=order-;prefix=group:', 'group:news')).toBe(true);
    for (const other of ['Order-1', 'order', 'xorder-1', 'group:order-', '1']) {
      expect(may(';prefix=order-', other)).toBe(false);
    }
  });

  it('can be lines with comments; two keys may share a name', () => {
    const keys = keysOf(`# made by npm run keys\nshop:${SHOP}\r\n\n  # the old one\nshop:${NEWS};read\n`);
    expect([keys.find('shop-key')?.name, keys.find('news-key')?.name]).toEqual(['shop', 'shop']);
    expect(keysOf('').size).toBe(0);
  });

  it.each([
    `shop`,
    `:${SHOP}`,
    `sh op:${SHOP}`,
    `${'x'.repeat(65)}:${SHOP}`,
    'shop:secret-key-put-here-by-mistake',
    `shop:${SHOP}00`,
    `shop:${SHOP};all`,
    `shop:${SHOP};prefix=`,
    `shop:${SHOP};prefix=a b`,
    `shop:${SHOP};Publish`,
    `shop:${keyDigest('')}`,
    `other:${SHOP}`,
  ])('[OPS-1] the error of entry %j names its number, not its text', (entry) => {
    const fault = faultOf(`shop:${SHOP},${entry}`);
    expect(fault).toMatch(/^entry 2 /);
    expect(fault).not.toMatch(/secret-key|shop/);
  });

  it('are bounded in number', () => {
    const many = Array.from({ length: 1_001 }, (_, index) => `p:${keyDigest(String(index))}`);
    expect(faultOf(many.join(','))).toContain('1000');
    expect(keysOf(many.slice(1).join(',')).size).toBe(1_000);
  });
});

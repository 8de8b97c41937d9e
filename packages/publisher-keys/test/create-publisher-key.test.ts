import { expect, it } from 'vitest';
import { createPublisherKey } from '../src/create-publisher-key.ts';
import { parsePublisherKeys } from '../src/publisher-keys.ts';

it('[SEC-1] a new key is known by its entry, with its name and scopes, and no two are equal', () => {
  const options = { name: 'shop', scopes: ['publish', 'prefix=order-'] };
  const { key, entry } = createPublisherKey(options);
  expect(entry).not.toContain(key);
  const parsed = parsePublisherKeys(entry);
  expect(parsed.ok && parsed.value.find(key)).toEqual({
    name: 'shop',
    scopes: new Set(['publish']),
    targetPrefixes: ['order-'],
  });
  expect(createPublisherKey(options).key).not.toBe(key);
});

import { expect, it } from 'vitest';
import { wayToRoot } from '../../../src/http/answers/request-path.ts';

it.each([
  ['/', ''],
  ['', ''],
  ['*', ''],
  ['/messages', ''],
  ['/messages/', '../'],
  ['/messages/batch', '../'],
  ['/targets/1/messages', '../../'],
  ['http://localhost:8080/messages/batch', '../'],
  ['http://localhost:8080', ''],
])('[PAGE-12] the way from %s to the root of the API is "%s"', (path, way) => {
  expect(wayToRoot(path)).toBe(way);
  const site = 'http://shop.example/push/api';
  if (path.startsWith('/')) expect(new URL(`${way}problems/x`, site + path).href).toBe(`${site}/problems/x`);
});

import type { IncomingMessage } from 'node:http';
import { keyDigest, parsePublisherKeys, type PublisherKeys } from '@postline/publisher-keys';
import { expect, it } from 'vitest';
import { OperationsAccess } from '../../../src/http/operations/operations-access.ts';

function requestWith(authorization?: string, remoteAddress = '10.0.0.1'): IncomingMessage {
  return { headers: { authorization }, socket: { remoteAddress } } as unknown as IncomingMessage;
}

function keysOf(...scopes: readonly string[]): PublisherKeys {
  const keys = parsePublisherKeys([`boss:${keyDigest('secret')}`, ...scopes].join(';'));
  if (!keys.ok) throw new Error(keys.error);
  return keys.value;
}

const accessWith = (keys: PublisherKeys | undefined, failuresPerMinute = 600) =>
  new OperationsAccess({ keys, proxies: undefined, failuresPerMinute });

it('[OPP-1] in open mode everyone may see everything', () => {
  const right = accessWith(undefined).authorize(requestWith());
  expect(right.ok && right.mayShow('anyone')).toBe(true);
});

it.each([
  ['no key', undefined, 'unauthorized'],
  ['another key', 'Bearer wrong', 'unauthorized'],
  ['another scheme', 'Basic secret', 'unauthorized'],
])('[OPP-1] %s is refused', (_what, authorization, code) => {
  const right = accessWith(keysOf('manage')).authorize(requestWith(authorization));
  expect(right).toMatchObject({ ok: false, refusal: { code, headers: { 'WWW-Authenticate': 'Bearer' } } });
});

it('[OPP-1] a key needs the scope manage', () => {
  const request = requestWith('Bearer secret');
  expect(accessWith(keysOf('publish', 'read')).authorize(request)).toMatchObject({
    refusal: { code: 'forbidden' },
  });
  expect(accessWith(keysOf('manage')).authorize(request)).toMatchObject({ ok: true });
});

it('[OPP-1] a key with prefixes sees the targets that they include', () => {
  const right = accessWith(keysOf('manage', 'prefix=shop-')).authorize(requestWith('Bearer secret'));
  expect(right.ok && [right.mayShow('shop-1'), right.mayShow('bank-1')]).toEqual([true, false]);
});

it('[OPP-1] an address that tries too many keys waits; one with the right key does not', () => {
  const access = accessWith(keysOf('manage'), 3);
  const codes = Array.from({ length: 4 }, () => access.authorize(requestWith('Bearer wrong')));
  expect(codes.map((right) => (right.ok ? '' : right.refusal.code))).toEqual([
    ...Array<string>(3).fill('unauthorized'),
    'rate_limited',
  ]);
  expect(access.authorize(requestWith('Bearer secret')).ok).toBe(true);
  expect(access.authorize(requestWith('Bearer wrong', '10.0.0.2'))).toMatchObject({
    refusal: { code: 'unauthorized' },
  });
});

it('[OPP-1] bounds the requests of an address', () => {
  const access = accessWith(undefined);
  const rights = Array.from({ length: 100 }, () => access.authorize(requestWith()));
  expect(rights.filter(({ ok }) => ok).length).toBeLessThan(60);
  expect(rights.at(-1)).toMatchObject({ refusal: { code: 'rate_limited', headers: { 'Retry-After': '1' } } });
});

import { expect, it } from 'vitest';
import { tokenWords } from '../../src/access/token-words.ts';

const NOW = new Date('2026-11-28T12:00:00Z');

function tokenWith(claims: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(claims));
  const base64 = btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
  return `e30.${base64}.signature`;
}

function secondsAt(iso: string): number {
  return Date.parse(iso) / 1_000;
}

it('[PAGE-15] says until when a token lasts, and that it is over', () => {
  const lasting = tokenWith({ sub: 'änna', exp: secondsAt('2026-11-28T13:00:00Z') });
  expect(tokenWords(lasting, 'änna', NOW)).toMatch(/^Expires .*\d\d:00:00/);
  const over = tokenWith({ sub: '1', exp: secondsAt('2026-11-28T11:00:00Z') });
  expect(tokenWords(over, '1', NOW)).toMatch(/^Expired .* by the clock of this device\.$/);
  expect(tokenWords(tokenWith({ sub: '1' }), '1', NOW)).toBe('This token does not expire.');
});

it('[PAGE-15] says for whom a token is, if it is for another client', () => {
  expect(tokenWords(tokenWith({ sub: 'anna' }), '1', NOW)).toBe('This token is for client anna, not for 1.');
  expect(tokenWords(tokenWith({}), '1', NOW)).toBe('This token is for no client, not for 1.');
});

it.each(['x', 'a.b', 'a.%.c', 'a.bnVsbA.c'])('[PAGE-15] says that %j is no token', (typed) => {
  expect(tokenWords(typed, '1', NOW)).toContain('This is not a token');
});

it('[PAGE-15] says nothing of an empty field, and of a time that is none', () => {
  expect(tokenWords('', '1', NOW)).toBe('');
  expect(tokenWords(tokenWith({ sub: '1', exp: 1e300 }), '1', NOW)).toBe('');
});

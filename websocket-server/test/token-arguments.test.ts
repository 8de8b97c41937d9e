import { describe, expect, it } from 'vitest';
import { parseTokenArguments } from '../src/token-arguments.ts';

describe('parseTokenArguments', () => {
  it('[TOK-4] takes the id of a client, and for how long', () => {
    expect(parseTokenArguments(['1'])).toEqual({
      ok: true,
      value: { clientId: '1', expiresInSeconds: 3_600 },
    });
    expect(parseTokenArguments(['--expires-in-seconds', '60', 'ann@example'])).toEqual({
      ok: true,
      value: { clientId: 'ann@example', expiresInSeconds: 60 },
    });
  });

  it('[PRO-1] takes ids as identity providers give them, also one that begins like an option', () => {
    for (const words of [['auth0|5f7c'], ['user+tag@shop.example'], ['--', '-x'], ['--', '--admin'], ['_x']])
      expect(parseTokenArguments(words)).toMatchObject({ ok: true, value: { clientId: words.at(-1) } });
  });

  it('[TOK-4] takes the claims about groups', () => {
    const words = ['1', '--groups', 'news,room-7', '--follow=room-*,*,lobby'];
    expect(parseTokenArguments(words)).toMatchObject({
      ok: true,
      value: { groups: ['news', 'room-7'], follow: ['room-*', '*', 'lobby'] },
    });
  });

  it.each([
    [[]],
    [['1', '2']],
    [['group:staff']],
    [['a b']],
    [['1', '--expires-in-seconds', '0']],
    [['1', '--expires-in-seconds', '1.5']],
    [['1', '--expires-in-seconds', '999999999']],
    [['1', '--expires-in-seconds']],
    [['1', '--admin']],
    [['1', '--groups', '']],
    [['1', '--groups', 'news,']],
    [['1', '--groups', 'room-*']],
    [['1', '--follow', 'a b']],
    [['1', '--follow', 'room-**']],
  ])('[TOK-4] refuses %j', (words) => {
    expect(parseTokenArguments(words)).toMatchObject({ ok: false });
  });
});

import { describe, expect, it } from 'vitest';
import { jsonId, readClientIds } from '../../src/page/client-id.ts';

describe('readClientIds', () => {
  it.each([
    '1',
    '0',
    '9007199254740993',
    'anna',
    'Anna',
    'a.b_c:d@e-f',
    `a${'b'.repeat(127)}`,
    'groups:1',
    '-1',
    '_V1StGXR8',
    'auth0|5f7c',
    'user+tag@shop.example',
    'a~b',
  ])('[PRO-1] takes %j as it is', (id) => expect(readClientIds(id)).toEqual({ ok: true, ids: [id] }));

  it.each([
    '',
    ' 1',
    '1 ',
    '.a',
    '+a',
    '~a',
    '|a',
    '@a',
    ':a',
    '__proto__',
    'é',
    'a/b',
    '<b>',
    'a\n',
    `a${'b'.repeat(128)}`,
  ])('[PRO-1] refuses %j, and trims nothing', (id) => expect(readClientIds(id).ok).toBe(false));

  it('[DEL-13] refuses a group as a client id', () => {
    expect(readClientIds('group:all')).toEqual({ ok: false, problem: 'A client cannot connect as a group.' });
  });

  it.each([
    ['1,2', ['1', '2']],
    ['1, anna , ', ['1', 'anna']],
    ['2,2', ['2']],
    ['1,2,3,4', ['1', '2', '3', '4']],
  ])('[PAGE-14] reads %j as several clients', (typed, ids) => {
    expect(readClientIds(typed)).toEqual({ ok: true, ids });
  });

  it.each([
    [',', 'Type a client id first, for example 1 or anna.'],
    ['1,2,3,4,5', 'This page shows at most 4 clients side by side.'],
    ['1,2,3,4,5,<b>', expect.stringContaining('An id has 1 to 128')],
    ['1,group:news', 'A client cannot connect as a group.'],
  ])('[PAGE-14] refuses %j', (typed, problem) => {
    expect(readClientIds(typed)).toEqual({ ok: false, problem });
  });
});

describe('jsonId', () => {
  it.each([
    ['1', 1],
    ['0', 0],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740992', '9007199254740992'],
    ['9007199254740993', '9007199254740993'],
    ['01', '01'],
    ['1e3', '1e3'],
    ['1.0', '1.0'],
    ['', ''],
    ['anna', 'anna'],
  ])('[PRO-1] writes %j as %j, so that it stays the same target', (id, written) => {
    expect(jsonId(id)).toBe(written);
    expect(String(jsonId(id))).toBe(id);
  });
});

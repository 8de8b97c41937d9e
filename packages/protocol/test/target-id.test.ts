import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  clientIdSchema,
  groupIdOf,
  groupNameOf,
  groupNameSchema,
  isGroupId,
  isGroupName,
  isTargetId,
  isTargetIdStart,
  targetIdFault,
} from '../src/index.ts';
import { targetIdSchema } from '../src/target-id.ts';

const WELL_FORMED =
  'must be 1 to 128 of the characters A-Z a-z 0-9 . _ ~ : @ | + -, and start with a letter, a digit, _ or -';
const WHOLE_NUMBER = 'must be an integer from 0 to 9007199254740991';

function reasons(value: unknown): string[] {
  const parsed = targetIdSchema.safeParse(value);
  return parsed.success ? [] : parsed.error.issues.map((issue) => issue.message);
}

describe('target id', () => {
  it.each([
    [1, '1'],
    [0, '0'],
    [-0, '0'],
    [9007199254740991, '9007199254740991'],
    ['1', '1'],
    ['01', '01'],
    ['bob', 'bob'],
    ['Bob', 'Bob'],
    ['bob@shop.example:tab_2-x', 'bob@shop.example:tab_2-x'],
    ['x'.repeat(128), 'x'.repeat(128)],
    ['constructor', 'constructor'],
    ['toString', 'toString'],
    ['1e3', '1e3'],
    ['group:a', 'group:a'],
    ['group', 'group'],
    ['Group:', 'Group:'],
    ['auth0|5f7c8ec7c33c6c004bbafe82', 'auth0|5f7c8ec7c33c6c004bbafe82'],
    ['user+tag@example.com', 'user+tag@example.com'],
    ['_V1StGXR8_Z5jdHi6B-myT', '_V1StGXR8_Z5jdHi6B-myT'],
    ['-x', '-x'],
    ['-1', '-1'],
    ['a~b', 'a~b'],
    ['__proto__.', '__proto__.'],
    ['__proto', '__proto'],
    ['_', '_'],
    ['-', '-'],
    ['group:a|b', 'group:a|b'],
    ['_group:a', '_group:a'],
  ])('[PRO-1] %j is %j', (value, id) => {
    expect(targetIdSchema.parse(value)).toBe(id);
    expect(isTargetId(id)).toBe(true);
  });

  it('[PRO-1] 1 and "1" are the same target; nothing else that looks like it is', () => {
    expect(targetIdSchema.parse(1)).toBe(targetIdSchema.parse('1'));
    const lookAlikes = ['01', '1.', '1.0', '1e0', '1:', '1@'];
    expect(new Set(lookAlikes.map((id) => targetIdSchema.parse(id)))).toEqual(new Set(lookAlikes));
  });

  it.each([
    [undefined, 'is required'],
    [null, 'must be a string or an integer'],
    [true, 'must be a string or an integer'],
    [false, 'must be a string or an integer'],
    [{}, 'must be a string or an integer'],
    [[], 'must be a string or an integer'],
    [[1], 'must be a string or an integer'],
    [-1, WHOLE_NUMBER],
    [1.5, WHOLE_NUMBER],
    [JSON.parse('1e400'), WHOLE_NUMBER],
    [JSON.parse('9007199254740993'), WHOLE_NUMBER], // parsed as ...992, which may be another client's id
    [1e20, WHOLE_NUMBER],
    [Number.NaN, WHOLE_NUMBER],
    ['', WELL_FORMED],
    [' 1', WELL_FORMED],
    ['1 ', WELL_FORMED],
    ['1\n', WELL_FORMED],
    ['a b', WELL_FORMED],
    ['.a', WELL_FORMED],
    ['é', WELL_FORMED],
    ['bo\u0301b', WELL_FORMED],
    ['\u0430', WELL_FORMED], // a Cyrillic a
    ['１', WELL_FORMED], // a full-width 1
    ['a\u200b', WELL_FORMED], // a zero-width space
    ['a\u0000', WELL_FORMED],
    ['\ud800', WELL_FORMED],
    ['__proto__', 'must not be __proto__'],
    ['+a', WELL_FORMED],
    ['~a', WELL_FORMED],
    ['|a', WELL_FORMED],
    ['@a', WELL_FORMED],
    [':a', WELL_FORMED],
    ['auth0%7C5f7c', WELL_FORMED],
    ['a b+c', WELL_FORMED],
    ['$liveness', WELL_FORMED],
    ['a/b', WELL_FORMED],
    ['a*', WELL_FORMED],
    ['x'.repeat(129), WELL_FORMED],
    ['group:', 'must name a group after "group:"'],
  ])('[PRO-1] %j is refused: %s', (value, reason) => {
    expect(reasons(value)).toEqual([reason]);
    if (typeof value === 'string') {
      expect(isTargetId(value)).toBe(false);
      expect(targetIdFault(value)).toBe(reason);
    }
  });

  it('[PRO-1] coercion would have taken each of these for a client', () => {
    for (const value of ['', null, [], ' ', true]) {
      expect(z.coerce.number().safeParse(value).success).toBe(true); // the naive way
    }
  });

  it('[PRO-1] the schema and the plain function agree on anything', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.integer(), fc.double(), looksLikeAnId), (value) => {
        const parsed = targetIdSchema.safeParse(value);
        if (typeof value === 'string') expect(isTargetId(value)).toBe(parsed.success);
        if (parsed.success) expect(targetIdSchema.parse(parsed.data)).toBe(parsed.data);
      }),
    );
  });

  it('[PRO-1] a group is addressed by group: and a name', () => {
    expect(isGroupId('group:a')).toBe(true);
    for (const id of ['group', 'Group:a', 'agroup:a', 'groups:a', '1']) expect(isGroupId(id)).toBe(false);
  });

  it('[PRO-6] the name of a group makes a target id, and is read from it again', () => {
    for (const name of ['news', 'a', '.', '~x', 'x'.repeat(122), '__proto__', 'group:a']) {
      expect(groupNameSchema.parse(name)).toBe(name);
      expect(isGroupName(name)).toBe(true);
      expect(targetIdSchema.parse(groupIdOf(name))).toBe(groupIdOf(name));
      expect(isGroupId(groupIdOf(name))).toBe(true);
      expect(groupNameOf(groupIdOf(name))).toBe(name);
    }
    for (const name of ['', 'x'.repeat(123), 'a b', 'a/b', 'ä', 'room-*', 7, null, undefined]) {
      expect(groupNameSchema.safeParse(name).success, JSON.stringify(name)).toBe(false);
      if (typeof name === 'string') expect(isGroupName(name)).toBe(false);
    }
  });

  it('[PRO-6] a client id is a target id, but no group', () => {
    expect(clientIdSchema.parse(7)).toBe('7');
    expect(clientIdSchema.parse('anna')).toBe('anna');
    expect(clientIdSchema.safeParse('group:a').error?.issues[0]?.message).toBe(
      'must be a client, not a group',
    );
  });
});

it('[PRO-1] a key’s prefix is what ids can start with', () => {
  for (const start of ['auth0|', 'user+', '_', '-', 'group:', '__proto__', 'a~'])
    expect(isTargetIdStart(start)).toBe(true);
  for (const start of ['', '+', '.', 'a b', 'é', 'x'.repeat(129)]) expect(isTargetIdStart(start)).toBe(false);
});

const looksLikeAnId = fc.string({
  unit: fc.constantFrom(
    'a',
    'Z',
    '0',
    '9',
    '.',
    '_',
    ':',
    '@',
    '|',
    '+',
    '~',
    '-',
    ' ',
    '\n',
    'é',
    '$',
    'group:',
    '__proto__',
  ),
  maxLength: 140,
});

import { describe, expect, it } from 'vitest';
import { logPageQuerySchema, logPageSchema } from '../src/index.ts';

function reasons(query: unknown): string[] {
  const parsed = logPageQuerySchema.safeParse(query);
  return parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

describe('query of a log page', () => {
  it('[PRO-3] reads whole numbers, and ignores what it does not know', () => {
    expect(logPageQuerySchema.parse({})).toEqual({});
    expect(logPageQuerySchema.parse({ after: '0', limit: '1000', epoch: 'e', page: '2' })).toEqual({
      after: 0,
      limit: 1000,
      epoch: 'e',
    });
    expect(logPageQuerySchema.parse({ after: '9007199254740991' }).after).toBe(Number.MAX_SAFE_INTEGER);
  });

  it.each(['', ' ', '-1', '1.5', '01', '1e3', '0x1', '9007199254740992', '9007199254740993', 'null', '1 '])(
    '[PUB-10] refuses after=%j',
    (after) => {
      expect(reasons({ after })).toContain('after: must be an integer from 0 to 9007199254740991');
    },
  );

  it('[PUB-10] a page goes forward from `after` or backward from `before`', () => {
    expect(logPageQuerySchema.parse({ before: 'head' })).toEqual({ before: 'head' });
    expect(logPageQuerySchema.parse({ before: '41', limit: '5' })).toEqual({ before: 41, limit: 5 });
    expect(reasons({ after: '0', before: '5' })).toEqual(['before: must be left out if "after" is given']);
    expect(reasons({ after: '0', before: 'head' })).toEqual(['before: must be left out if "after" is given']);
  });

  it.each(['', ' ', '-1', '1.5', '01', 'Head', 'tail', '9007199254740992', 'head '])(
    '[PUB-10] refuses before=%j',
    (before) => {
      expect(reasons({ before })).toHaveLength(1);
      expect(reasons({ before })[0]).toMatch(/^before: must be .*an integer from 0 to 9007199254740991$/);
    },
  );

  it.each(['0', '1001', '', 'all'])('[PUB-10] refuses limit=%j', (limit) => {
    expect(reasons({ limit })).toContain('limit: must be an integer from 1 to 1000');
  });

  it('[PUB-10] refuses a variable given twice', () => {
    expect(logPageQuerySchema.safeParse({ after: ['1', '2'] }).success).toBe(false);
    expect(logPageQuerySchema.safeParse({ epoch: '' }).success).toBe(false);
  });
});

describe('log page', () => {
  it('has the fields of the contract', () => {
    const page = {
      epoch: 'e',
      head: 58,
      recovered: true,
      messages: [{ id: '1024', targetId: '1', offset: 58, data: 'm', createdAt: '2026-11-23T00:00:00.000Z' }],
      truncatedBefore: null,
    };
    expect(logPageSchema.parse(page)).toEqual(page);
    expect(logPageSchema.parse({ ...page, truncatedBefore: 41 }).truncatedBefore).toBe(41);
  });
});

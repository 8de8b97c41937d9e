import { describe, expect, it } from 'vitest';
import {
  clientGroupsQuerySchema,
  joinRequestSchema,
  memberBatchRequestSchema,
  membersQuerySchema,
} from '../src/group-members.ts';

const ids = (count: number, start = 'c') => Array.from({ length: count }, (_, index) => `${start}${index}`);

function faults(body: unknown): string[] {
  const parsed = memberBatchRequestSchema.safeParse(body);
  return (parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('requests about members', () => {
  it('[PUB-10] a join begins with the next message where it says nothing else', () => {
    expect(joinRequestSchema.parse({})).toEqual({ history: 'from-join' });
    for (const history of ['from-join', 'all', { last: 1 }, { last: 1_000 }])
      expect(joinRequestSchema.parse({ history })).toEqual({ history });
  });

  it.each(['none', 1, null, {}, { last: 0 }, { last: 1_001 }, { last: 1.5 }, { last: '5' }])(
    '[PUB-10] history %j is refused',
    (history) => {
      expect(joinRequestSchema.safeParse({ history }).success).toBe(false);
    },
  );

  it('[PUB-10] a batch has 1 to 1,000 client ids in all, each once', () => {
    expect(memberBatchRequestSchema.parse({ add: [1, 'anna'] })).toEqual({
      add: ['1', 'anna'],
      remove: [],
      history: 'from-join',
    });
    expect(faults({ add: ids(600), remove: ids(400, 'd') })).toEqual([]);
    expect(faults({ add: ids(600), remove: ids(401, 'd') })).toEqual([
      'add: must hold at most 1000 client ids together with "remove"',
    ]);
    expect(faults({})).toEqual(['add: must hold a client id, or "remove" must']);
    expect(faults({ add: ['a', 1], remove: ['b', '1', 'a'] })).toEqual([
      'remove.1: is in the batch twice',
      'remove.2: is in the batch twice',
    ]);
    expect(faults({ add: ['group:a'] })).toEqual(['add.0: must be a client, not a group']);
    expect(faults({ add: ids(1_001) })).toEqual(['add: must hold at most 1000 client ids']);
    expect(faults([])).toEqual([': must be a JSON object']);
  });

  it('[PUB-10] pages go on after a client id, or after the name of a group', () => {
    expect(membersQuerySchema.parse({ after: 'anna', limit: '1000' })).toEqual({
      after: 'anna',
      limit: 1_000,
    });
    expect(clientGroupsQuerySchema.parse({ after: '.x' })).toEqual({ after: '.x' });
    for (const limit of ['0', '1001', '1.5', 'x', ''])
      expect(membersQuerySchema.safeParse({ limit }).success, limit).toBe(false);
    expect(membersQuerySchema.safeParse({ after: 'group:a' }).success).toBe(false);
    expect(clientGroupsQuerySchema.safeParse({ after: 'a b' }).success).toBe(false);
  });
});

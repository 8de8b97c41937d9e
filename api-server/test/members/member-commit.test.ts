import {
  type MembersChange,
  type MembersChanged,
  type MembersOutcome,
  StoreUnavailableError,
} from '@postline/message-store';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MemberCommit, type MemberCommitOutcome } from '../../src/members/member-commit.ts';

const DEADLINE_MS = 4_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface ScriptedCall {
  readonly changes: readonly MembersChange[];
  answer(outcomes?: readonly MembersOutcome[]): Promise<void>;
  fail(error: Error): Promise<void>;
}

const CHANGED: MembersOutcome = { kind: 'changed', added: [], removed: [] };

/** A store that answers when the test decides. */
function scripted() {
  const calls: ScriptedCall[] = [];
  const reported: MembersChanged[] = [];
  const commit = new MemberCommit({
    store: {
      changeMembers: (changes) =>
        new Promise((resolve, reject) => {
          calls.push({
            changes,
            answer: async (outcomes = changes.map(() => CHANGED)) => {
              resolve({ outcomes, position: 7, moved: [] });
              await vi.advanceTimersByTimeAsync(0);
            },
            fail: async (error) => {
              reject(error);
              await vi.advanceTimersByTimeAsync(0);
            },
          });
        }),
    },
    deadlineMs: DEADLINE_MS,
    onChanged: (changed) => reported.push(changed),
  });
  const outcomes: string[] = [];
  const join = (groupName: string, ...add: readonly string[]) => {
    const change: MembersChange = { groupName, add, remove: [], history: 'from-join' };
    void commit.change(change).then(({ kind }: MemberCommitOutcome) => outcomes.push(`${groupName} ${kind}`));
  };
  const groupsOf = (call: ScriptedCall | undefined) => call?.changes.map(({ groupName }) => groupName);
  return { calls, reported, commit, outcomes, join, groupsOf };
}

it('[GRP-15] changes that arrive during a call share the next one; those of one group keep their order', async () => {
  const { calls, join, outcomes, reported, groupsOf } = scripted();
  for (const group of ['a', 'b', 'a', 'c', 'd', 'a']) join(group, '1');
  expect(calls.map(groupsOf)).toEqual([['a'], ['b']]);
  await calls[1]?.answer();
  expect(groupsOf(calls[2])).toEqual(['c', 'd']);
  await calls[0]?.answer();
  expect(groupsOf(calls[3])).toEqual(['a', 'a']);
  await calls[3]?.answer();
  await calls[2]?.answer();
  expect(outcomes).toEqual(['b changed', 'a changed', 'a changed', 'a changed', 'c changed', 'd changed']);
  expect(reported).toHaveLength(4);
});

it('[GRP-15] a call has at most 1,000 ids, and 10,000 may wait', async () => {
  const { calls, join, outcomes } = scripted();
  const ids = Array.from({ length: 600 }, (_, index) => String(index));
  join('a', 'first');
  join('b', 'first');
  for (let change = 0; change < 17; change += 1) join('a', ...ids);
  await vi.advanceTimersByTimeAsync(0);
  expect(outcomes).toEqual(['a overloaded']);
  await calls[0]?.answer();
  expect(calls[2]?.changes).toHaveLength(1);
});

it.each<[string, (call: ScriptedCall) => Promise<void>, string]>([
  [
    'a database that is away',
    (call) => call.fail(new StoreUnavailableError('away', undefined)),
    'store-unavailable',
  ],
  ['a group that stays locked', (call) => call.answer([{ kind: 'contended' }]), 'store-unavailable'],
  [
    'too many groups',
    (call) => call.answer([{ kind: 'too-many-groups', clientIds: ['1'] }]),
    'too-many-groups',
  ],
])('[GRP-15] %s is an outcome, and the next change is tried', async (_what, end, kind) => {
  const { calls, join, outcomes } = scripted();
  join('a', '1');
  if (calls[0] !== undefined) await end(calls[0]);
  expect(outcomes).toEqual([`a ${kind}`]);
  join('a', '1');
  expect(calls).toHaveLength(2);
});

it('[GRP-15] every change has its outcome by its deadline, and a change that still waits then is dropped', async () => {
  const { calls, join, outcomes } = scripted();
  join('a', '1');
  join('a', '2');
  await vi.advanceTimersByTimeAsync(DEADLINE_MS + 100);
  expect(outcomes).toEqual(['a store-unavailable', 'a store-unavailable']);
  await calls[0]?.answer();
  expect(calls).toHaveLength(1);
});

it('a mistake of the store rejects', async () => {
  const { calls, commit } = scripted();
  const outcome = commit.change({ groupName: 'a', add: ['1'], remove: [], history: 'all' });
  const rejected = expect(outcome).rejects.toThrow('a mistake');
  await calls[0]?.fail(new TypeError('a mistake'));
  await rejected;
});

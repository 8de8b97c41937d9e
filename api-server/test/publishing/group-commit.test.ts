import { type AppendOutcome, type AppendRequest, StoreUnavailableError } from '@postline/message-store';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CommitOutcome, CommitReport } from '../../src/publishing/commit-lane.ts';
import { GroupCommit, type GroupCommitLimits } from '../../src/publishing/group-commit.ts';
import { microtasks, oneMessage, ScriptedStore } from '../support/scripted-store.ts';

const LIMITS: GroupCommitLimits = {
  batchMessagesMax: 5,
  batchBytesMax: 10_000,
  waitingRequestsMax: 8,
  waitingBytesMax: 20_000,
  contendedRequestsMax: 4,
  deadlineMs: 4_000,
};
const CONTENDED: AppendOutcome = { kind: 'contended' };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Rig {
  readonly store: ScriptedStore;
  readonly commit: GroupCommit;
  readonly reports: CommitReport[];
  /** What became of each request, by name; a request without an outcome is not in it. */
  readonly outcomes: Map<string, CommitOutcome['kind']>;
  /** Appends one message each, named so, in this order. */
  readonly append: (...requests: AppendRequest[]) => void;
}

function createRig(limits: Partial<GroupCommitLimits> = {}): Rig {
  const store = new ScriptedStore();
  const reports: CommitReport[] = [];
  const commit = new GroupCommit({
    store,
    limits: { ...LIMITS, ...limits },
    onNextTurn: (goOn) => {
      goOn();
    },
    onCommit: (report) => void reports.push(report),
  });
  const outcomes = new Map<string, CommitOutcome['kind']>();
  const append = (...requests: AppendRequest[]) => {
    for (const request of requests) {
      void commit.append(request).then((outcome) => {
        outcomes.set(request.messages[0]?.message ?? '', outcome.kind);
      });
    }
  };
  return { store, commit, reports, outcomes, append };
}

const named = (names: string, targetId?: string) =>
  Array.from(names).map((name) => oneMessage(name, targetId));

describe('batches', () => {
  it('[PUB-7] a single request is committed at once', () => {
    const { store, append } = createRig();
    append(oneMessage('a'));
    expect(store.last().names).toEqual(['a']);
  });

  it('[PUB-7] requests that arrive during a commit share the next one, in order of arrival', async () => {
    const { store, append, outcomes, reports } = createRig();
    append(...named('abcd'));
    expect(store.appends).toHaveLength(1);
    await store.last().answer();
    expect(store.last().names).toEqual(['b', 'c', 'd']);
    await store.last().answer();
    expect([...outcomes]).toEqual(Array.from('abcd').map((name) => [name, 'appended']));
    expect(reports.map(({ requests, messages }) => [requests, messages])).toEqual([
      [1, 1],
      [3, 3],
    ]);
  });

  it('[PUB-8] a batch is bounded in messages', async () => {
    const { store, append } = createRig();
    append(...named('abcdefgh'));
    await store.last().answer();
    expect(store.last().names).toEqual(Array.from('bcdef'));
    await store.last().answer();
    expect(store.last().names).toEqual(Array.from('gh'));
  });

  it('[PUB-8] a batch is bounded in bytes, and a request that is larger than the bound goes alone', async () => {
    const { store, append } = createRig({ batchBytesMax: 1_000 });
    append(oneMessage('a'), oneMessage('b'), oneMessage('c'.repeat(2_000)), oneMessage('d'));
    await store.last().answer();
    expect(store.last().names).toEqual(['b']);
    await store.last().answer();
    expect(store.last().names).toEqual(['c'.repeat(2_000)]);
    await store.last().answer();
    expect(store.last().names).toEqual(['d']);
  });
});

describe('gathering after a large batch', () => {
  const COMMIT_MS = 5;
  const LARGE = 'abcdefgh';

  /** Answers a commit of eight that took some milliseconds. */
  async function answerLargeBatch() {
    const rig = createRig({ batchMessagesMax: 20, waitingRequestsMax: 100 });
    rig.append(oneMessage('first'), ...named(LARGE));
    await rig.store.last().answer();
    expect(rig.store.last().names).toEqual(Array.from(LARGE));
    await vi.advanceTimersByTimeAsync(COMMIT_MS);
    await rig.store.last().answer();
    return rig;
  }

  it('[PUB-7] publishers that come back with their next share one commit again', async () => {
    const { store, append } = await answerLargeBatch();
    append(...named('1234'));
    await vi.advanceTimersByTimeAsync(1);
    append(...named('5678'));
    expect(store.appends).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(store.last().names).toEqual(Array.from('12345678'));
  });

  it('[PUB-7] it goes on where nobody comes any more', async () => {
    const { store, append } = await answerLargeBatch();
    append(oneMessage('1'));
    await vi.advanceTimersByTimeAsync(COMMIT_MS - 1);
    expect(store.last().names).toEqual(['1']);
  });

  it('[PUB-7] it waits no longer than the commit took, however many keep coming', async () => {
    const { store, append } = await answerLargeBatch();
    for (const name of '12345') {
      append(oneMessage(name));
      expect(store.appends).toHaveLength(2);
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(store.last().names).toEqual(Array.from('12345'));
  });
});

describe('bounds', () => {
  it('[PUB-8] beyond the requests that may wait: overloaded, and room again after an outcome', async () => {
    const { store, append, outcomes } = createRig();
    append(...named('abcdefghi'));
    await microtasks();
    expect([...outcomes]).toEqual([['i', 'overloaded']]);
    await store.last().answer();
    append(oneMessage('j'));
    await microtasks();
    expect(outcomes.has('j')).toBe(false);
  });

  it('[PUB-8] beyond the bytes that may wait: overloaded; one request alone always has room', async () => {
    const { store, commit, append, outcomes } = createRig({ waitingBytesMax: 1_000 });
    append(oneMessage('x'.repeat(5_000)), oneMessage('b'));
    await microtasks();
    expect([...outcomes]).toEqual([['b', 'overloaded']]);
    await store.last().answer();
    expect(commit.waiting()).toEqual({ requests: 0, bytes: 0, contendedRequests: 0 });
  });

  it('[PUB-8] what waits is counted by what it takes in memory: ids and keys too, and two bytes for each wide character', () => {
    const waitingBytes = (message: string, targetId: string, idempotencyKey?: string): number => {
      const { commit } = createRig();
      void commit.append({ publisher: '', messages: [{ message, targetId, idempotencyKey }] });
      return commit.waiting().bytes;
    };
    const least = waitingBytes('m'.repeat(1_000), 'a');
    expect(waitingBytes('m'.repeat(1_000), 'a'.repeat(101), 'k'.repeat(200)) - least).toBe(300);
    expect(waitingBytes('é'.repeat(1_000), 'a') - least).toBe(1_000);
    expect(waitingBytes(`${'m'.repeat(999)}→`, 'a') - least).toBe(1_000);
    expect(waitingBytes('→'.repeat(1_000), 'a') - least).toBe(2_000); // as UTF-8, in the statement
  });
});

describe('deadline', () => {
  it('[PUB-9] a request gets its outcome in time, whatever the store does', async () => {
    const { commit, append, outcomes } = createRig();
    append(...named('ab'));
    await vi.advanceTimersByTimeAsync(LIMITS.deadlineMs - 1);
    expect(outcomes.size).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect([...outcomes.values()]).toEqual(['store-unavailable', 'store-unavailable']);
    expect(commit.waiting()).toEqual({ requests: 0, bytes: 0, contendedRequests: 0 });
  });

  it('[PUB-9] what waited in vain is not appended afterwards', async () => {
    const { store, append } = createRig();
    append(...named('ab'));
    await vi.advanceTimersByTimeAsync(LIMITS.deadlineMs);
    append(oneMessage('c'));
    await store.last().answer();
    expect(store.last().names).toEqual(['c']);
  });

  it('[PUB-9] a store that is away fails its batch and no later one', async () => {
    const { store, append, outcomes, reports } = createRig();
    append(...named('ab'));
    await store.last().fail(new StoreUnavailableError('away', undefined));
    await store.last().answer();
    expect([...outcomes]).toEqual([
      ['a', 'store-unavailable'],
      ['b', 'appended'],
    ]);
    expect(reports.map(({ error }) => error?.message)).toEqual(['away', undefined]);
  });

  it('an error that the store should not throw is told as such', async () => {
    const { store, append, outcomes } = createRig();
    append(oneMessage('a'));
    await store.last().fail(new TypeError('a mistake'));
    expect(outcomes.get('a')).toBe('failed');
  });
});

describe('contended targets', () => {
  it('[LOG-10] a held counter delays only the requests for its own target', async () => {
    const { store, append, outcomes } = createRig();
    append(oneMessage('held', 'x'), oneMessage('free', 'y'));
    await store.appends[0]?.answer({ held: CONTENDED });
    // The retry of `held` and the next batch are both under way: neither waits for the other.
    expect(store.appends.slice(1).map(({ names }) => names)).toEqual([['held'], ['free']]);
    await store.appends[2]?.answer();
    expect([...outcomes]).toEqual([['free', 'appended']]);
    append(oneMessage('later', 'y'));
    expect(store.last().names).toEqual(['later']);
  });

  it('[LOG-10] a new request for a held target goes behind those that wait for it already', async () => {
    const { store, append, outcomes } = createRig();
    append(oneMessage('a', 'x'), oneMessage('b', 'x'));
    await store.appends[0]?.answer({ a: CONTENDED });
    append(oneMessage('c', 'x'));
    expect(store.appends.map(({ names }) => names)).toEqual([['a'], ['a']]);
    await store.last().answer();
    expect(store.last().names).toEqual(['b', 'c']);
    await store.last().answer();
    expect([...outcomes.keys()]).toEqual(['a', 'b', 'c']);
    append(oneMessage('d', 'x'));
    expect(store.last().names).toEqual(['d']);
  });

  it('[LOG-10] it is tried again after a pause until the deadline, then store-unavailable', async () => {
    const { store, append, outcomes } = createRig();
    append(oneMessage('a', 'x'));
    await store.last().answer({ a: CONTENDED });
    for (let elapsed = 0; elapsed < LIMITS.deadlineMs; elapsed += 50) {
      if (store.unanswered > 0) await store.last().answer({ a: CONTENDED });
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(outcomes.get('a')).toBe('store-unavailable');
    expect(store.appends.length).toBeGreaterThan(10);
    expect(store.appends.length).toBeLessThanOrEqual(LIMITS.deadlineMs / 50 + 1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(store.unanswered).toBe(0);
  });

  it('[LOG-10] of those for one held target only the oldest is tried, so others keep their room', async () => {
    const { store, append } = createRig({ contendedRequestsMax: 10 });
    append(oneMessage('a', 'x'), oneMessage('b', 'x'), oneMessage('c', 'x'));
    await store.last().answer({ a: CONTENDED });
    await store.last().answer({ a: CONTENDED });
    await vi.advanceTimersByTimeAsync(50);
    expect(store.last().names).toEqual(['a']);
    await store.last().answer();
    expect(store.last().names).toEqual(['b', 'c']);
  });

  it('[PUB-8] the lane is bounded too', async () => {
    const { store, append, outcomes } = createRig();
    append(oneMessage('a', 'x'));
    await store.last().answer({ a: CONTENDED });
    append(...named('bcde', 'x'));
    await microtasks();
    expect([...outcomes]).toEqual([['e', 'overloaded']]);
  });
});

describe('drain', () => {
  it('resolves once every request has its outcome, and takes nothing new', async () => {
    const { store, commit, append, outcomes } = createRig();
    append(...named('ab'));
    let drained = false;
    void commit.drain().then(() => {
      drained = true;
    });
    append(oneMessage('late'));
    await store.last().answer();
    expect(drained).toBe(false);
    await store.last().answer();
    expect(drained).toBe(true);
    expect([...outcomes]).toEqual([
      ['late', 'overloaded'],
      ['a', 'appended'],
      ['b', 'appended'],
    ]);
  });
});

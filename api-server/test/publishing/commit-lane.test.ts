import { type AppendOutcome, type AppendRequest, StoreUnavailableError } from '@postline/message-store';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { CommitOutcome } from '../../src/publishing/commit-lane.ts';
import { GroupCommit, type GroupCommitLimits } from '../../src/publishing/group-commit.ts';

const LIMITS: GroupCommitLimits = {
  batchMessagesMax: 6,
  batchBytesMax: 4_000,
  waitingRequestsMax: 12,
  waitingBytesMax: 8_000,
  contendedRequestsMax: 5,
  deadlineMs: 1_000,
};

/** What happens next to a group commit: requests come, the store answers somehow, time goes by. */
const eventArbitrary = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('request' as const),
      targets: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('answer' as const),
      which: fc.nat(1),
      held: fc.subarray(['a', 'b', 'c', 'd']),
      away: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('time' as const), milliseconds: fc.nat(400) }) },
);

interface OpenAppend {
  readonly requests: readonly AppendRequest[];
  readonly resolve: (outcomes: readonly AppendOutcome[]) => void;
  readonly reject: (error: Error) => void;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('[PUB-7] [PUB-8] [LOG-10] every request gets exactly one outcome in time, bounded, and none is appended twice', async () => {
  const check = async (events: readonly EventOf[]) => {
    const run = new Run();
    for (const event of events) await run.step(event);
    await run.finish();
    expect(run.outcomes.size).toBe(run.requests);
    expect(run.settledTwice).toBe(0);
    for (const offsets of run.appendedByTarget.values()) expect(offsets).toEqual(offsets.toSorted(ascending));
  };
  await fc.assert(fc.asyncProperty(fc.array(eventArbitrary, { minLength: 5, maxLength: 60 }), check), {
    numRuns: 300,
    examples: OVERTAKING.map((events): [EventOf[]] => [events]),
  });
});

const request = (...targets: ('a' | 'b' | 'c' | 'd')[]): EventOf => ({ kind: 'request', targets });
const answer = (which: number, ...held: string[]): EventOf => ({ kind: 'answer', which, held, away: false });
const wait = (milliseconds: number): EventOf => ({ kind: 'time', milliseconds });

/** A request is held by one of its targets, while those for another one of them are before and behind it. */
const OVERTAKING = [
  [
    ...[request('c'), request('a'), request('c', 'a'), request('a'), answer(0, 'c'), answer(0)],
    ...[answer(1), answer(0)],
  ],
  [
    ...[request('b', 'd'), request('a'), answer(0, 'd'), request('b', 'a'), request('a'), answer(0)],
    ...[answer(1), answer(0)],
  ],
  [
    ...[request('a'), answer(0, 'a'), request('b'), request('b', 'a'), request('b'), answer(0)],
    ...[answer(0, 'b'), wait(50), request('a'), answer(0), wait(0)],
  ],
];

type EventOf = typeof eventArbitrary extends fc.Arbitrary<infer Event> ? Event : never;
const ascending = (left: number, right: number) => left - right;

class Run {
  readonly outcomes = new Map<number, CommitOutcome['kind']>();
  /**
   * Numbers of the requests for one target alone, in the order of their appends: the order of arrival is to be kept.
   * One that is for several targets may be passed by its neighbours while only one of them is held.
   */
  readonly appendedByTarget = new Map<string, number[]>();
  settledTwice = 0;
  requests = 0;
  readonly #open: OpenAppend[] = [];
  readonly #appended = new Set<number>();
  readonly #commit = new GroupCommit({
    limits: LIMITS,
    onNextTurn: (goOn) => {
      goOn();
    },
    store: {
      append: (requests) => {
        const messages = requests.flatMap((request) => request.messages);
        expect(requests.length === 1 || messages.length <= LIMITS.batchMessagesMax).toBe(true);
        for (const request of requests) expect(this.#appended.has(numberOf(request))).toBe(false);
        return new Promise((resolve, reject) => this.#open.push({ requests, resolve, reject }));
      },
    },
  });

  async step(event: EventOf): Promise<void> {
    switch (event.kind) {
      case 'request':
        this.#request(event.targets);
        break;
      case 'answer':
        this.#answer(event.which, event.held, event.away);
        break;
      case 'time':
        await vi.advanceTimersByTimeAsync(event.milliseconds);
    }
    await vi.advanceTimersByTimeAsync(0);
    expect(this.#open.length).toBeLessThanOrEqual(2);
    const { requests, contendedRequests } = this.#commit.waiting();
    expect(contendedRequests).toBeLessThanOrEqual(LIMITS.contendedRequestsMax);
    expect(requests - contendedRequests).toBeLessThanOrEqual(LIMITS.waitingRequestsMax);
  }

  /** Whatever has no outcome yet gets it by the deadline, though the store says nothing more. */
  async finish(): Promise<void> {
    await vi.advanceTimersByTimeAsync(LIMITS.deadlineMs);
    expect(this.#commit.waiting()).toEqual({ requests: 0, bytes: 0, contendedRequests: 0 });
  }

  #request(targets: readonly string[]): void {
    const number = this.requests;
    this.requests += 1;
    const messages = targets.map((targetId) => ({ targetId, message: String(number) }));
    void this.#commit.append({ publisher: '', messages }).then(({ kind }) => {
      if (this.outcomes.has(number)) this.settledTwice += 1;
      this.outcomes.set(number, kind);
    });
  }

  #answer(which: number, held: readonly string[], away: boolean): void {
    const [append] = this.#open.splice(Math.min(which, this.#open.length - 1), 1);
    if (append === undefined) return;
    if (away && held.length === 0) {
      append.reject(new StoreUnavailableError('away', undefined));
      return;
    }
    append.resolve(append.requests.map((request) => this.#outcomeOf(request, held)));
  }

  #outcomeOf(request: AppendRequest, held: readonly string[]): AppendOutcome {
    const targets = new Set(request.messages.map(({ targetId }) => targetId));
    if (held.some((targetId) => targets.has(targetId))) return { kind: 'contended' };
    const number = numberOf(request);
    this.#appended.add(number);
    const [targetId = ''] = targets;
    if (targets.size === 1) {
      this.appendedByTarget.set(targetId, [...(this.appendedByTarget.get(targetId) ?? []), number]);
    }
    return { kind: 'appended', epoch: 'epoch', messages: [] };
  }
}

function numberOf({ messages }: AppendRequest): number {
  return Number(messages[0]?.message);
}

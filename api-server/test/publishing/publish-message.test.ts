import { BusUnavailableError, type Hint } from '@postline/message-bus';
import type { AppendRequest } from '@postline/message-store';
import { decodeEnvelope } from '@postline/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CommitOutcome } from '../../src/publishing/commit-lane.ts';
import { createPublishHints } from '../../src/publishing/publish-hints.ts';
import { createPublishMessages } from '../../src/publishing/publish-message.ts';

const HINT_DEADLINE_MS = 200;
const REQUEST: AppendRequest = {
  publisher: '',
  messages: [
    { targetId: 'bob', message: 'one "quoted" 😀' },
    { targetId: 'ann', message: 'two', idempotencyKey: 'k' },
  ],
};
const CREATED_AT = '2026-11-23T00:00:00.000Z';
const APPENDED: CommitOutcome = {
  kind: 'appended',
  epoch: 'E',
  messages: [
    {
      id: '7',
      targetId: 'bob',
      offset: 3,
      message: 'one "quoted" 😀',
      createdAt: CREATED_AT,
      replayed: false,
    },
    { id: '5', targetId: 'ann', offset: 1, message: 'two', createdAt: CREATED_AT, replayed: true },
  ],
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function publishWith(outcome: CommitOutcome, publish: (hints: readonly Hint[]) => Promise<void>) {
  const steps: string[] = [];
  const told: [hints: number, error: unknown][] = [];
  const publishMessages = createPublishMessages({
    append: () => {
      steps.push('append');
      return Promise.resolve(outcome);
    },
    publishHints: createPublishHints({
      publisher: {
        publish: (hints) => {
          steps.push('publish');
          return publish(hints);
        },
      },
      hintDeadlineMs: HINT_DEADLINE_MS,
      onHints: (hints, error) => void told.push([hints, error]),
    }),
  });
  return { publishMessages, steps, told };
}

describe('what was committed', () => {
  it('[PUB-1] hints are published after the commit, also of replayed messages, as frames of the log', async () => {
    let hints: readonly Hint[] = [];
    const { publishMessages, steps } = publishWith(APPENDED, (given) => {
      hints = given;
      return Promise.resolve();
    });
    await publishMessages(REQUEST);
    expect(steps).toEqual(['append', 'publish']);
    expect(hints.map(({ targetId, frame }) => decodeEnvelope(targetId, frame))).toMatchObject([
      { targetId: 'bob', epoch: 'E', offset: 3 },
      { targetId: 'ann', epoch: 'E', offset: 1 },
    ]);
    expect(JSON.parse(hints[0]!.frame)).toEqual({
      type: 'new_message',
      id: '7',
      targetId: 'bob',
      offset: 3,
      epoch: 'E',
      data: 'one "quoted" 😀',
      createdAt: CREATED_AT,
    });
  });

  it('[PUB-2] answers contain the values of the database, in order', async () => {
    const { publishMessages, told } = publishWith(APPENDED, () => Promise.resolve());
    expect(await publishMessages(REQUEST)).toEqual({
      kind: 'published',
      messages: [
        { id: '7', targetId: 'bob', offset: 3, createdAt: CREATED_AT, status: 'sent', replayed: false },
        { id: '5', targetId: 'ann', offset: 1, createdAt: CREATED_AT, status: 'sent', replayed: true },
      ],
    });
    expect(told).toEqual([[2, undefined]]);
  });
});

describe('the bus', () => {
  it('[PUB-7] requests that shared a commit share a call of the bus, in their order', async () => {
    const published: (readonly Hint[])[] = [];
    const { publishMessages, told } = publishWith(APPENDED, (hints) => {
      published.push(hints);
      return Promise.resolve();
    });
    await Promise.all([publishMessages(REQUEST), publishMessages(REQUEST), publishMessages(REQUEST)]);
    expect(published.map((hints) => hints.map(({ targetId }) => targetId))).toEqual([
      ['bob', 'ann', 'bob', 'ann', 'bob', 'ann'],
    ]);
    expect(told).toEqual([[6, undefined]]);
    await publishMessages(REQUEST);
    expect(published).toHaveLength(2);
  });

  it('[PUB-7] many hints are grouped by target, in their order', async () => {
    const appended = Array.from({ length: 300 }, (_, index) => ({
      id: String(index),
      targetId: `t${index % 100}`,
      offset: 1 + Math.floor(index / 100),
      message: 'x',
      createdAt: CREATED_AT,
      replayed: false,
    }));
    let told: readonly Hint[] = [];
    const { publishMessages } = publishWith({ kind: 'appended', epoch: 'E', messages: appended }, (hints) => {
      told = hints;
      return Promise.resolve();
    });
    const outcome = await publishMessages(REQUEST);

    const expected = Array.from(
      { length: 300 },
      (_, index) => `t${Math.floor(index / 3)} ${1 + (index % 3)}`,
    );
    const offsetOf = ({ targetId, frame }: Hint) => decodeEnvelope(targetId, frame)?.offset;
    expect(told.map((hint) => `${hint.targetId} ${offsetOf(hint)}`)).toEqual(expected);
    expect(outcome).toMatchObject({ messages: appended.map(({ id, targetId }) => ({ id, targetId })) });
  });

  it('[PUB-3] a failed publish does not fail the request', async () => {
    const error = new BusUnavailableError('away');
    const { publishMessages, told } = publishWith(APPENDED, () => Promise.reject(error));
    const outcome = await publishMessages(REQUEST);
    expect(outcome.kind === 'published' && outcome.messages.map(({ status }) => status)).toEqual([
      'stored',
      'stored',
    ]);
    expect(told).toEqual([[2, error]]);
  });

  it('[PUB-3] a publisher that throws at once does not either', async () => {
    const { publishMessages } = publishWith(APPENDED, () => {
      throw new TypeError('a mistake');
    });
    expect(await publishMessages(REQUEST)).toMatchObject({ messages: [{ status: 'stored' }, {}] });
  });

  it('[PUB-3] a call of the bus that never ends is awaited until its deadline only', async () => {
    const { publishMessages } = publishWith(APPENDED, () => new Promise(() => undefined));
    let status: string | undefined;
    void publishMessages(REQUEST).then((outcome) => {
      status = outcome.kind === 'published' ? outcome.messages[0]?.status : outcome.kind;
    });
    await vi.advanceTimersByTimeAsync(HINT_DEADLINE_MS - 1);
    expect(status).toBeUndefined();
    await vi.advanceTimersByTimeAsync(2);
    expect(status).toBe('stored');
  });
});

it.each<CommitOutcome>([
  { kind: 'idempotency-key-reused', index: 1 },
  { kind: 'overloaded' },
  { kind: 'store-unavailable' },
  { kind: 'failed', error: new Error('one row') },
])('[PUB-1] $kind: no hint is published, and the publisher gets the outcome', async (outcome) => {
  const { publishMessages, steps } = publishWith(outcome, () => Promise.resolve());
  expect(await publishMessages(REQUEST)).toEqual(outcome);
  expect(steps).toEqual(['append']);
});

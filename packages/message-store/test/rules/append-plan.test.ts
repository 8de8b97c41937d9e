import { expect, it } from 'vitest';
import { countByTarget, keyOf, planAppend, planOutcomes } from '../../src/rules/append-plan.ts';
import type { AppendRequest } from '../../src/message-store.ts';

const request = (...texts: readonly string[]): AppendRequest => ({
  publisher: 'p',
  messages: texts.map((text) => {
    const [targetId = '', message = '', idempotencyKey] = text.split(' ');
    return { targetId, message, idempotencyKey };
  }),
});

const stored = { id: '7', targetId: 'a', offset: 3, message: 'x', createdAt: 'then' };

function plan(requests: readonly AppendRequest[]) {
  return planAppend({
    requests,
    headBefore: (targetId) => (targetId === 'a' ? 10 : 0),
    storedByKey: new Map([[keyOf('p', 'k'), stored]]),
  });
}

it('[LOG-1] numbers rows after each target’s head, in order', () => {
  const { rows } = plan([request('a one', 'b one'), request('b two', 'a two')]);
  expect(rows.map(({ targetId, message, offset }) => `${targetId} ${message} ${offset}`)).toEqual([
    'a one 11',
    'b one 1',
    'b two 2',
    'a two 12',
  ]);
});

it('[PUB-6] a refused request gives its offsets and keys back', () => {
  const made = plan([request('a one new', 'a y k'), request('a two new'), request('a three')]);
  expect(made.requests[0]).toEqual({ kind: 'idempotency-key-reused', index: 1 });
  expect(made.rows.map(({ message, offset }) => `${message} ${offset}`)).toEqual(['two 11', 'three 12']);
  expect(made.rowsByTarget).toEqual(new Map([['a', 2]]));
});

it('[PUB-5] a replay takes no offset, and is answered with the stored values', () => {
  const made = plan([request('a x k', 'a new')]);
  expect(made.rowsByTarget).toEqual(new Map([['a', 1]]));
  expect(planOutcomes(made, { ids: ['8'], createdAt: 'now', epoch: 'e' })).toEqual([
    {
      kind: 'appended',
      epoch: 'e',
      messages: [
        { ...stored, replayed: true },
        { id: '8', targetId: 'a', offset: 11, message: 'new', createdAt: 'now', replayed: false },
      ],
    },
  ]);
});

it('a key of one publisher is never taken for another’s', () => {
  expect(keyOf('bc', 'a')).not.toBe(keyOf('c', 'ab'));
  expect(countByTarget([request('a 1', 'b 1'), request('a 2')])).toEqual(
    new Map([
      ['a', 2],
      ['b', 1],
    ]),
  );
});

it('outcomes without an id for each row are a mistake that is not passed on', () => {
  expect(() => planOutcomes(plan([request('a 1')]), { ids: [], createdAt: '', epoch: '' })).toThrow(
    RangeError,
  );
});

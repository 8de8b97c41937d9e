import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { AppendRequest, MessageStore } from '../../src/message-store.ts';
import { appended, newTarget, readTexts } from '../support/contract-database.ts';

/** PUB-5 and PUB-6, as far as the store answers for them. */
export function describeIdempotency(store: () => MessageStore): void {
  const keyed = (
    publisher: string,
    idempotencyKey: string,
    message: string,
    targetId: string,
  ): AppendRequest => ({
    publisher,
    messages: [{ targetId, message, idempotencyKey }],
  });

  it('[PUB-5] the same key, message and target gives the first values, in another call', async () => {
    const targetId = newTarget();
    const [first] = await store().append([keyed('shop', 'order-1', 'hello 😀\0', targetId)]);
    const [again] = await store().append([keyed('shop', 'order-1', 'hello 😀\0', targetId)]);
    expect(appended(again)).toEqual(appended(first).map((message) => ({ ...message, replayed: true })));
    expect((await store().readHeads([targetId])).heads.get(targetId)?.head).toBe(1);
  });

  it('[PUB-5] a replay among new messages leaves no gap', async () => {
    const targetId = newTarget();
    await store().append([keyed('shop', 'gap-1', 'first', targetId)]);
    const plain = (message: string): AppendRequest => ({
      publisher: 'shop',
      messages: [{ targetId, message }],
    });
    const outcomes = await store().append([
      plain('second'),
      keyed('shop', 'gap-1', 'first', targetId),
      plain('third'),
      keyed('shop', 'gap-1', 'other', targetId),
      plain('fourth'),
    ]);
    expect(
      outcomes.map((outcome) => (outcome.kind === 'appended' ? outcome.messages[0]!.offset : outcome.kind)),
    ).toEqual([2, 1, 3, 'idempotency-key-reused', 4]);
    expect(await readTexts(store(), targetId)).toEqual(['first', 'second', 'third', 'fourth']);
  });

  it('[PUB-5] a key that comes twice in one call is stored once', async () => {
    const targetId = newTarget();
    const outcomes = await store().append([
      keyed('shop', 'twice', 'same', targetId),
      keyed('shop', 'twice', 'same', targetId),
      keyed('shop', 'twice', 'other', targetId),
    ]);
    expect(outcomes[2]).toEqual({ kind: 'idempotency-key-reused', index: 0 });
    expect(appended(outcomes[1])).toEqual(appended(outcomes[0]).map((m) => ({ ...m, replayed: true })));
    expect(await readTexts(store(), targetId)).toEqual(['same']);
  });

  it('[PUB-4] [PUB-5] a batch that is partly stored already stores the rest', async () => {
    const targetId = newTarget();
    await store().append([keyed('shop', 'part-2', 'b', targetId)]);
    const batch = ['a', 'b', 'c'].map((message, index) => ({
      targetId,
      message,
      idempotencyKey: `part-${index + 1}`,
    }));
    const [outcome] = await store().append([{ publisher: 'shop', messages: batch }]);
    expect(appended(outcome).map(({ message, offset, replayed }) => [message, offset, replayed])).toEqual([
      ['a', 2, false],
      ['b', 1, true],
      ['c', 3, false],
    ]);
  });

  it('[PUB-5] a key twice within one batch is one message', async () => {
    const targetId = newTarget();
    const message = { targetId, message: 'same', idempotencyKey: 'within' };
    const [outcome] = await store().append([{ publisher: 'shop', messages: [message, message] }]);
    expect(appended(outcome).map(({ offset, replayed }) => [offset, replayed])).toEqual([
      [1, false],
      [1, true],
    ]);
  });

  it('[PUB-6] the same key with another message or target is refused, with the whole of its batch', async () => {
    const [targetId, other] = [newTarget(), newTarget()];
    await store().append([keyed('shop', 'taken', 'mine', targetId)]);
    const outcomes = await store().append([
      keyed('shop', 'taken', 'mine ', targetId),
      keyed('shop', 'taken', 'mine', other),
      {
        publisher: 'shop',
        messages: [
          { targetId: other, message: 'new', idempotencyKey: 'fresh' },
          { targetId, message: 'not mine', idempotencyKey: 'taken' },
        ],
      },
    ]);
    expect(outcomes).toEqual([0, 0, 1].map((index) => ({ kind: 'idempotency-key-reused', index })));
    expect((await store().readHeads([other])).heads.get(other)?.head).toBe(0);
    const [fresh] = await store().append([keyed('shop', 'fresh', 'another', other)]);
    expect(appended(fresh)[0]).toMatchObject({ offset: 1, replayed: false });
  });

  it('[PUB-5] keys are the publisher’s own, and compared as bytes', async () => {
    const targetId = newTarget();
    const requests = [
      keyed('a', 'Key', '1', targetId),
      keyed('b', 'Key', '2', targetId),
      keyed('', 'Key', '3', targetId),
      keyed('a', 'key', '4', targetId),
      keyed('a', 'KEY', '5', targetId),
      keyed('a', 'Key.', '6', targetId),
      keyed('a', '0', '7', targetId),
      keyed('a', '~'.repeat(255), '8', targetId),
    ];
    for (const request of requests) expect((await store().append([request]))[0]?.kind).toBe('appended');
    const again = await store().append(requests);
    expect(again.flatMap(appended).map(({ message, replayed }) => [message, replayed])).toEqual(
      requests.map(({ messages }) => [messages[0]!.message, true]),
    );
    expect(await readTexts(store(), targetId)).toHaveLength(requests.length);
  });

  it('[LOG-1] [PUB-5] [PUB-6] any mixture of keys, replays and conflicts keeps every log contiguous', async () => {
    const message = fc.record({
      target: fc.integer({ min: 0, max: 2 }),
      text: fc.constantFrom('x', 'y'),
      key: fc.option(fc.constantFrom('k1', 'k2', 'k3'), { nil: undefined }),
    });
    const calls = fc.array(fc.array(fc.array(message, { minLength: 1, maxLength: 4 }), { maxLength: 5 }), {
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(calls, async (script) => {
        const publisher = newTarget();
        const model = new LogModel();
        for (const call of script) {
          const requests = call.map((messages) => ({
            publisher,
            messages: messages.map(({ target, text, key }) => ({
              targetId: `${publisher}.${target}`,
              message: text,
              idempotencyKey: key,
            })),
          }));
          const outcomes = await store().append(requests);
          const seen = outcomes.map((outcome) =>
            outcome.kind === 'appended'
              ? outcome.messages.map(({ offset, replayed }) => ({ offset, replayed }))
              : outcome,
          );
          expect(seen).toEqual(requests.map((request) => model.append(request)));
        }
        for (const [targetId, texts] of model.logs) expect(await readTexts(store(), targetId)).toEqual(texts);
      }),
      { numRuns: 60 },
    );
  });
}

/** What a store must do, written as plainly as possible. */
class LogModel {
  logs = new Map<string, string[]>();
  #keys = new Map<string, { targetId: string; message: string; offset: number }>();

  append(request: AppendRequest) {
    const logsBefore = structuredClone(this.logs);
    const keysBefore = structuredClone(this.#keys);
    const results: { offset: number; replayed: boolean }[] = [];
    for (const [index, { targetId, message, idempotencyKey }] of request.messages.entries()) {
      const known = idempotencyKey === undefined ? undefined : this.#keys.get(idempotencyKey);
      if (known !== undefined && (known.targetId !== targetId || known.message !== message)) {
        this.logs = logsBefore;
        this.#keys = keysBefore;
        return { kind: 'idempotency-key-reused', index };
      }
      if (known !== undefined) {
        results.push({ offset: known.offset, replayed: true });
        continue;
      }
      const log = this.logs.get(targetId) ?? [];
      this.logs.set(targetId, log);
      const offset = log.push(message);
      if (idempotencyKey !== undefined) this.#keys.set(idempotencyKey, { targetId, message, offset });
      results.push({ offset, replayed: false });
    }
    return results;
  }
}

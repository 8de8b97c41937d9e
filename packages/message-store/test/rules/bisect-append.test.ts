import fc from 'fast-check';
import { expect, it } from 'vitest';
import { appendApart, appendTheRest, RowRefusedError } from '../../src/rules/bisect-append.ts';
import type { AppendOutcome, AppendRequest } from '../../src/message-store.ts';

const request = (message: string): AppendRequest => ({
  publisher: '',
  messages: [{ targetId: '1', message }],
});
const outcomeOf = ({ messages }: AppendRequest): AppendOutcome => ({
  kind: 'appended',
  epoch: messages[0]!.message,
  messages: [],
});

it('[LOG-3] finds the refused requests, stores each of the others once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }), async (bad) => {
      const requests = bad.map((isBad, index) => request(`${isBad ? 'bad' : 'good'} ${index}`));
      const stored: string[] = [];
      const outcomes = await appendApart(requests, (together) => {
        const texts = together.map(({ messages }) => messages[0]!.message);
        if (texts.some((text) => text.startsWith('bad'))) {
          return Promise.reject(new RowRefusedError(new Error('bad')));
        }
        stored.push(...texts);
        return Promise.resolve(together.map(outcomeOf));
      });
      expect(outcomes.map(({ kind }) => kind)).toEqual(bad.map((isBad) => (isBad ? 'failed' : 'appended')));
      expect(stored).toEqual(
        requests.flatMap(({ messages }, index) => (bad[index] ? [] : [messages[0]!.message])),
      );
    }),
  );
});

it('[LOG-3] one bad request among 500 costs few transactions', async () => {
  let transactions = 0;
  const requests = Array.from({ length: 500 }, (_, index) => request(index === 317 ? 'bad' : 'good'));
  await appendApart(requests, (together) => {
    transactions += 1;
    const isBad = together.some(({ messages }) => messages[0]!.message === 'bad');
    return isBad
      ? Promise.reject(new RowRefusedError(new Error('bad')))
      : Promise.resolve(together.map(outcomeOf));
  });
  expect(transactions).toBeLessThan(22);
});

it('any other error is everybody’s', async () => {
  const away = () => Promise.reject(new Error('away'));
  await expect(appendApart([request('a'), request('b')], away)).rejects.toThrow('away');
});

it('puts refusals and outcomes in the order of the requests', async () => {
  const refuse = (one: AppendRequest): AppendOutcome | undefined =>
    one.messages[0]!.message === 'no' ? { kind: 'contended' } : undefined;
  const append = (rest: readonly AppendRequest[]) => Promise.resolve(rest.map(outcomeOf));
  const outcomes = await appendTheRest(['a', 'no', 'b', 'no'].map(request), refuse, append);
  expect(outcomes.map((one) => (one.kind === 'appended' ? one.epoch : one.kind))).toEqual([
    'a',
    'contended',
    'b',
    'contended',
  ]);
});

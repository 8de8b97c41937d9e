import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { firstAnswer } from '../../../src/redis/locating/first-answer.ts';

const NEVER = new AbortController().signal;

/** Asks candidates that say after which time they answer, or fail. */
function ask(candidates: readonly { readonly afterMs: number; readonly fails?: boolean }[], signal = NEVER) {
  const asked: number[] = [];
  const givenUp: number[] = [];
  const answer = firstAnswer({
    candidates,
    ask: async ({ afterMs, fails = false }, isOver) => {
      asked.push(afterMs);
      await sleep(afterMs, undefined, { signal: isOver }).catch((error: unknown) => {
        givenUp.push(afterMs);
        throw error;
      });
      if (fails) throw new Error(`failed after ${afterMs} ms`);
      return afterMs;
    },
    patienceMs: 50,
    signal,
  });
  return { answer, asked, givenUp };
}

describe('firstAnswer', () => {
  it('[BUS-7] asks only the first one where it answers', async () => {
    const { answer, asked } = ask([{ afterMs: 5 }, { afterMs: 1 }]);
    expect(await answer).toBe(5);
    expect(asked).toEqual([5]);
  });

  it('[BUS-7] asks the next one at once where one fails', async () => {
    const { answer, asked } = ask([{ afterMs: 1, fails: true }, { afterMs: 2, fails: true }, { afterMs: 3 }]);
    expect(await answer).toBe(3);
    expect(asked).toEqual([1, 2, 3]);
  });

  it('[BUS-7] asks the next one too where one is silent, and gives the silent one up when the other answers', async () => {
    const { answer, asked, givenUp } = ask([{ afterMs: 60_000 }, { afterMs: 1 }, { afterMs: 2 }]);
    expect(await answer).toBe(1);
    expect(asked).toEqual([60_000, 1]);
    await sleep(0);
    expect(givenUp).toEqual([60_000]);
  });

  it('[BUS-7] takes the answer of a slow one, if the next one fails', async () => {
    const { answer } = ask([{ afterMs: 120 }, { afterMs: 1, fails: true }]);
    expect(await answer).toBe(120);
  });

  it('[BUS-7] rejects with the last error once all have failed', async () => {
    await expect(
      ask([
        { afterMs: 1, fails: true },
        { afterMs: 2, fails: true },
      ]).answer,
    ).rejects.toThrow('failed after 2 ms');
  });

  it('[BUS-7] ends where nobody waits any more', async () => {
    const over = new AbortController();
    const { answer, asked } = ask([{ afterMs: 60_000 }, { afterMs: 1 }], over.signal);
    const rejected = expect(answer).rejects.toThrow();
    over.abort();
    await rejected;
    expect(asked).toEqual([60_000]);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { OpenCalls } from '../../src/calls/open-calls.ts';

it('gives what the calls give, and is idle once all have settled, however they did', async () => {
  const calls = new OpenCalls();
  await calls.idle();
  const goodCall = calls.track(sleep(1, 'answer'));
  const ending = new AbortController();
  const badCall = calls.track(sleep(60_000, undefined, { signal: ending.signal }));
  let isIdle = false;
  const idle = calls.idle().then(() => {
    isIdle = true;
  });
  expect(await goodCall).toBe('answer');
  expect(isIdle).toBe(false);
  ending.abort();
  await expect(badCall).rejects.toThrow('aborted');
  await idle;
  expect(isIdle).toBe(true);
});

import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeadlineError, withDeadline } from '../../src/index.ts';

const never = new Promise<never>(() => undefined);

describe('withDeadline', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0); // no timer outlives its work
    vi.useRealTimers();
  });

  it('settles as the work does', async () => {
    await expect(withDeadline(Promise.resolve(7), { what: 'work', milliseconds: 10 })).resolves.toBe(7);
    const broken = Promise.reject(new Error('broken'));
    await expect(withDeadline(broken, { what: 'work', milliseconds: 10 })).rejects.toThrow('broken');
    await vi.runAllTimersAsync();
  });

  it('[LOG-8] rejects when time is up, and tells whom it may concern', async () => {
    const onExpired = vi.fn();
    const outcome = expect(
      withDeadline(never, { what: 'a read', milliseconds: 10, onExpired }),
    ).rejects.toThrow(new DeadlineError('a read', 10));
    await vi.advanceTimersByTimeAsync(9);
    expect(onExpired).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(2);
    await outcome;
    expect(onExpired).toHaveBeenCalledOnce();
  });

  it('late work changes nothing, and its rejection harms nobody', async () => {
    let fail: (error: Error) => void = () => undefined;
    const late = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
    const outcome = expect(withDeadline(late, { what: 'work', milliseconds: 10 })).rejects.toThrow(
      DeadlineError,
    );
    await vi.advanceTimersByTimeAsync(11);
    await outcome;
    fail(new Error('too late'));
    await vi.advanceTimersByTimeAsync(10);
  });

  it('does not call onExpired for work that ended in time', async () => {
    const onExpired = vi.fn();
    await withDeadline(Promise.resolve(), { what: 'work', milliseconds: 10, onExpired });
    await vi.advanceTimersByTimeAsync(100);
    expect(onExpired).not.toHaveBeenCalled();
  });
});

it('an answer that arrived while the process was busy is in time', async () => {
  const echo = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer((socket) => socket.pipe(socket));
     server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`,
    { eval: true },
  );
  const [port] = (await once(echo, 'message')) as [number];
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const answer = once(socket, 'data').then(String);
  const naive = Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 50, 'too late'))]);
  const waiting = withDeadline(answer, { what: 'the answer', milliseconds: 50 });

  socket.write('answer');
  const end = performance.now() + 200;
  while (performance.now() < end); // the answer comes meanwhile, but the timers are first in the loop

  expect(await waiting).toBe('answer');
  expect(await naive).toBe('too late');
  socket.destroy();
  await echo.terminate();
});

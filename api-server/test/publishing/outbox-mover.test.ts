import type { OutboxPage } from '@postline/message-store';
import { waitUntil } from '@postline/test-support';
import { expect, it, vi } from 'vitest';
import { createOutboxMover } from '../../src/publishing/outbox-mover.ts';

const LONG_MS = 3_600_000;
const empty: OutboxPage = { movedCount: 0, hasMore: false, nextAfter: undefined };

/** An outbox that answers with these pages, one after the other, and is empty from then on. */
function scripted(...pages: readonly (OutboxPage | Error)[]) {
  const asked: string[] = [];
  const movePage = (after: string) => {
    const page = pages[asked.length] ?? empty;
    asked.push(after);
    return page instanceof Error ? Promise.reject(page) : Promise.resolve(page);
  };
  return { asked, movePage, emptyAtMs: -Infinity };
}

/** A mover whose interval is 100 ms, on a clock that the test moves. */
async function onFakeClock(
  outbox: ReturnType<typeof scripted>,
  test: (pass: (milliseconds: number) => Promise<unknown>) => Promise<void>,
): Promise<void> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const mover = createOutboxMover({ outbox, intervalMs: 100 });
  mover.runNow();
  await vi.advanceTimersByTimeAsync(0);
  await test((milliseconds) => vi.advanceTimersByTimeAsync(milliseconds));
  await mover.stop();
  vi.useRealTimers();
}

it('[SQL-2] passes through all pages, and again at once if more is left', async () => {
  const outbox = scripted(
    { ...empty, movedCount: 5, hasMore: true, nextAfter: 'k' },
    { ...empty, movedCount: 1 },
    { ...empty, movedCount: 2 },
  );
  const mover = createOutboxMover({ outbox, intervalMs: LONG_MS });
  mover.runNow();
  await waitUntil('three pages were asked for', () => outbox.asked.length === 3);
  await mover.stop();
  expect(outbox.asked).toEqual(['', 'k', '']);
});

it('[SQL-2] runs again after its interval, also after an error, which it reports', async () => {
  const outbox = scripted(empty, new Error('away'), { ...empty, movedCount: 1 });
  const errors: unknown[] = [];
  const pages: OutboxPage[] = [];
  const mover = createOutboxMover({
    outbox,
    intervalMs: 1,
    onError: (error) => errors.push(error),
    onPage: (page) => pages.push(page),
  });
  mover.runNow();
  await waitUntil('it went on', () => outbox.asked.length > 4);
  await mover.stop();
  const asked = outbox.asked.length;
  expect(errors).toEqual([new Error('away')]);
  expect(pages[1]).toMatchObject({ movedCount: 1 });
  expect(outbox.asked.length).toBe(asked);
});

it('stops in the middle of a pause, and before it has begun', async () => {
  const outbox = scripted();
  const mover = createOutboxMover({ outbox, intervalMs: LONG_MS });
  await mover.stop();
  const second = createOutboxMover({ outbox, intervalMs: LONG_MS });
  second.runNow();
  await waitUntil('it has looked', () => outbox.asked.length === 1);
  await second.stop();
  expect(outbox.asked.length).toBe(1);
});

it('[SQL-2] while appends find the outbox empty it is not looked into; then it is, one interval after the last of them', async () => {
  const outbox = scripted();
  await onFakeClock(outbox, async (pass) => {
    for (let append = 0; append < 100; append += 1) {
      await pass(40);
      outbox.emptyAtMs = performance.now() - 5; // the append began before it was answered
    }
    expect(outbox.asked.length).toBe(1);
    await pass(94);
    expect(outbox.asked.length).toBe(1);
    await pass(1);
    expect(outbox.asked.length).toBe(2);
    await pass(100); // and each interval from then on
    expect(outbox.asked.length).toBe(3);
  });
});

it('[SQL-2] an append postpones a look by no more than an interval after its own start', async () => {
  const outbox = scripted();
  await onFakeClock(outbox, async (pass) => {
    await pass(1);
    outbox.emptyAtMs = performance.now(); // this append was answered late: nothing is known of the time since
    await pass(99);
    expect(outbox.asked.length).toBe(1);
    await pass(1);
    expect(outbox.asked.length).toBe(2);
  });
});

it('[SQL-2] what an append saw before the last look, or after a look that failed, postpones nothing', async () => {
  const outbox = scripted(empty, empty, new Error('away'));
  await onFakeClock(outbox, async (pass) => {
    await pass(100);
    outbox.emptyAtMs = performance.now() - 1;
    await pass(100);
    expect(outbox.asked.length).toBe(3);
    await pass(50);
    outbox.emptyAtMs = performance.now();
    await pass(50);
    expect(outbox.asked.length).toBe(4);
  });
});

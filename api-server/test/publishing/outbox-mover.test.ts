import type { OutboxPage } from '@postline/message-store';
import { waitUntil } from '@postline/test-support';
import { expect, it } from 'vitest';
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
  return { asked, movePage };
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

import { join } from 'node:path';
import { makeTempFolder } from '@postline/test-support';
import Database from 'libsql';
import { expect, it } from 'vitest';
import { createSqliteMessageStore } from '../../src/sqlite/index.ts';

const DEADLINE_MS = 400;
const SLACK_MS = 1_000;

it('[LOG-8] another process that keeps the file locked: the call ends in time, without blocking this one', async () => {
  const folder = await makeTempFolder('busy');
  const file = join(folder.path, 'busy.db');
  const store = await createSqliteMessageStore({ file, deadlineMs: DEADLINE_MS });
  const other = new Database(file);
  other.exec('BEGIN IMMEDIATE');
  let turns = 0;
  const ticking = setInterval(() => (turns += 1), 5);
  const startedAt = performance.now();
  const request = { publisher: '', messages: [{ targetId: '1', message: 'x' }] };
  await expect(store.append([request])).rejects.toMatchObject({ code: 'store_unavailable' });
  expect(performance.now() - startedAt).toBeLessThan(DEADLINE_MS + SLACK_MS);
  expect(turns).toBeGreaterThan(10);
  clearInterval(ticking);
  expect((await store.readLog({ targetId: '1', afterOffset: 0, limit: 1 })).head).toBe(0);
  other.exec('ROLLBACK');
  expect((await store.append([request]))[0]?.kind).toBe('appended');
  await store.close();
  other.close();
  await folder.remove();
});

it('a caller who reads page after page lets the others have their turns', async () => {
  const folder = await makeTempFolder('turns');
  const store = await createSqliteMessageStore({ file: join(folder.path, 'turns.db') });
  let turns = 0;
  const ticking = setInterval(() => (turns += 1), 1);
  const end = performance.now() + 100;
  while (performance.now() < end) await store.readHeads(['1']);
  clearInterval(ticking);
  expect(turns).toBeGreaterThan(5);
  await store.close();
  await folder.remove();
});

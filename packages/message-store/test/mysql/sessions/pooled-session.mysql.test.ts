import { type TestDatabase, waitUntil } from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { SessionPool, type SessionPoolOptions } from '../../../src/mysql/sessions/session-pool.ts';
import type { Session } from '../../../src/mysql/sessions/session.ts';
import { connectTo, createMigratedDatabase, rowsOf } from '../support/migrated-database.ts';

const AGE_MS = 500;
/** A call that ends with its session's age, and what a busy machine adds. */
const SLACK_MS = 400;

let database: TestDatabase;
let administrator: Connection;
beforeAll(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
  administrator = await connectTo(database.url);
});
afterAll(async () => {
  await administrator.end();
  await database.drop();
});

function createPool(options: Partial<SessionPoolOptions> = {}): SessionPool {
  return new SessionPool({
    databaseUrl: database.url,
    role: 'read',
    idleSecondsMax: 100,
    connectionsMax: 4,
    waitersMax: 100,
    idleMs: 60_000,
    ageMsMax: AGE_MS,
    onReadOnly: () => undefined,
    ...options,
  });
}

const signal = new AbortController().signal;

async function connectionId(session: Session): Promise<number> {
  const [row] = await session.select<{ id: number }>('SELECT CONNECTION_ID() AS id', []);
  return row!.id;
}

interface Usage {
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Uses the pool all the time, and notes when each connection was used first and last. */
async function useFor(pool: SessionPool, durationMs: number): Promise<Map<number, Usage>> {
  const usages = new Map<number, Usage>();
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs) {
    const startedMs = performance.now();
    const id = await pool.use(signal, connectionId);
    usages.set(id, { firstMs: usages.get(id)?.firstMs ?? startedMs, lastMs: performance.now() });
  }
  return usages;
}

it.each([
  ['with room for a successor', 4],
  ['of a single connection', 1],
])('[DBC-1] a connection that is always in use ends at its age: a pool %s', async (_, connectionsMax) => {
  const pool = createPool({ connectionsMax });
  const usages = [...(await useFor(pool, 3 * AGE_MS)).values()];
  pool.close();
  expect(usages.length).toBeGreaterThanOrEqual(3);
  for (const { firstMs, lastMs } of usages) expect(lastMs - firstMs).toBeLessThan(AGE_MS + SLACK_MS);
});

it('[DBC-1] what was lent or idle when connections are renewed serves no call after that', async () => {
  const pool = createPool({ ageMsMax: 60_000 });
  const before = new Set<number>();
  const ends: (() => void)[] = [];
  const lent = Array.from({ length: 3 }, () =>
    pool.use(signal, async (session) => {
      before.add(await connectionId(session));
      await new Promise<void>((resolve) => ends.push(resolve));
    }),
  );
  await waitUntil('all are lent', () => ends.length === lent.length);
  ends.shift()?.();
  await waitUntil('one is idle', () => Promise.race(lent).then(() => true));
  pool.renew();
  for (const end of ends) end();
  await Promise.all(lent);
  const after = await Promise.all(Array.from({ length: 4 }, () => pool.use(signal, connectionId)));
  expect(after.filter((id) => before.has(id))).toEqual([]);
  pool.close();
});

it('[DBC-2] a connection that nobody uses is given back', async () => {
  const pool = createPool({ idleMs: 200, ageMsMax: 60_000 });
  const id = await pool.use(signal, connectionId);
  const isOpen = async () =>
    (await rowsOf(administrator, 'SELECT 1 FROM information_schema.processlist WHERE id = ?', [id])).length >
    0;
  expect(await isOpen()).toBe(true);
  await waitUntil('the server has seen it close', async () => !(await isOpen()));
  pool.close();
});

import { StoreUnavailableError } from '@postline/message-store';
import { createLogger } from '@postline/service-runtime';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { migrateWhenReachable } from '../src/migrate-when-reachable.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const away = new StoreUnavailableError('away', undefined);

const MIGRATED = { fromVersion: 0, toVersion: 3, sqlPublishing: { kind: 'current' as const } };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('tries again while the database is starting', async () => {
  const migrate = vi.fn().mockRejectedValueOnce(away).mockResolvedValue(MIGRATED);
  const done = migrateWhenReachable({ migrate, waitMs: 60_000, logger });
  await vi.advanceTimersByTimeAsync(1_000);
  await done;
  expect(migrate).toHaveBeenCalledTimes(2);
});

it('gives up in the end, and at once on any other error', async () => {
  await expect(
    migrateWhenReachable({ migrate: () => Promise.reject(away), waitMs: -1, logger }),
  ).rejects.toBe(away);
  const broken = new Error('the schema is newer');
  await expect(
    migrateWhenReachable({ migrate: () => Promise.reject(broken), waitMs: 60_000, logger }),
  ).rejects.toBe(broken);
});

import { StoreUnavailableError } from '@postline/message-store';
import { createLogger } from '@postline/service-runtime';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { migrateWhenReachable } from '../../src/upkeep/migrate-when-reachable.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
const away = new StoreUnavailableError('away', refused);

const MIGRATED = { fromVersion: 0, toVersion: 3, sqlPublishing: { kind: 'current' as const } };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('[DBC-8] tries again while the database is starting', async () => {
  const migrate = vi.fn().mockRejectedValueOnce(away).mockResolvedValue(MIGRATED);
  const done = migrateWhenReachable({ migrate, waitMs: 60_000, logger });
  await vi.advanceTimersByTimeAsync(1_000);
  await done;
  expect(migrate).toHaveBeenCalledTimes(2);
});

it('[DBC-8] gives up in the end with the cause, and at once on any other error', async () => {
  const migrate = () => Promise.reject(away);
  await expect(migrateWhenReachable({ migrate, waitMs: -1, logger })).rejects.toThrow(
    'the database cannot be used: nothing listens at the address of the database',
  );
  const broken = new Error('the schema is newer');
  await expect(
    migrateWhenReachable({ migrate: () => Promise.reject(broken), waitMs: 60_000, logger }),
  ).rejects.toBe(broken);
});

it('[DBC-8] an error that waiting cannot resolve ends the start at once', async () => {
  const denied = Object.assign(new Error("Access denied for user 'u'@'h'"), { errno: 1045 });
  const migrate = vi
    .fn()
    .mockRejectedValue(new StoreUnavailableError('the database can not be used', denied));
  await expect(migrateWhenReachable({ migrate, waitMs: 60_000, logger })).rejects.toThrow(
    'the database cannot be used: the database refused the user name or the password',
  );
  expect(migrate).toHaveBeenCalledTimes(1);
});

it('[DBC-8] logs its wait at once, then every ten seconds, in one line without a stack', async () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logging = createLogger({ service: 'test', level: 'info', destination });
  const migrate = vi.fn().mockRejectedValue(away);
  const done = migrateWhenReachable({ migrate, waitMs: 25_000, logger: logging }).catch(() => 'over');
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await done).toBe('over');
  expect(lines).toHaveLength(3);
  expect(lines.join('')).toContain('waiting for it: nothing listens');
  expect(lines.join('')).not.toMatch(/stack|Error/);
});

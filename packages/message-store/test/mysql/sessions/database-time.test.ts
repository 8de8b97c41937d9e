import { expect, it } from 'vitest';
import { isoFromDatabaseTime } from '../../../src/mysql/sessions/database-time.ts';

it('writes the database’s time as ISO 8601 with milliseconds', () => {
  expect(isoFromDatabaseTime('2026-11-23 04:08:41.593')).toBe('2026-11-23T04:08:41.593Z');
  expect(isoFromDatabaseTime('2026-11-23 04:08:41')).toBe('2026-11-23T04:08:41.000Z');
  expect(isoFromDatabaseTime('2026-11-23 04:08:41.5')).toBe('2026-11-23T04:08:41.500Z');
  expect(isoFromDatabaseTime('2026-11-23 04:08:41.593999')).toBe('2026-11-23T04:08:41.593Z');
});

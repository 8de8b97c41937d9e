import { expect, it } from 'vitest';
import { ServerLog } from '../../src/health/server-log.ts';

it('[OPS-18] logs the server that was found, and each change, in one line', () => {
  const lines: unknown[] = [];
  const log = new ServerLog({
    logger: { info: (fields: unknown, line?: string) => void lines.push([fields, line]) },
    fields: { part: 'database' },
    title: 'The database',
  });
  const server = { identity: 'a', name: 'db-1:3306', text: 'MySQL 8.4.3' };
  log.found(server);
  log.found({ ...server });
  log.found({ identity: 'b', name: 'db-2:3306', text: 'MySQL 8.4.3' });
  log.found({ identity: 'b', name: 'db-2:3306', text: 'MySQL 8.4.4' });
  expect(lines).toEqual([
    [{ part: 'database', server: 'db-1:3306' }, 'The database is MySQL 8.4.3'],
    [{ part: 'database', server: 'db-2:3306' }, 'The database is another server now: MySQL 8.4.3'],
    [{ part: 'database', server: 'db-2:3306' }, 'The database has changed: it is MySQL 8.4.4 now'],
  ]);
});

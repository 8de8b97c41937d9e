import { expect, it } from 'vitest';
import { readServerFacts } from '../../../src/mysql/sessions/server-facts.ts';
import { conditionOf } from '../../../src/mysql/topology/server-condition.ts';

const condition = (variables: Readonly<Record<string, string>>, notes: readonly string[] = []) =>
  conditionOf(readServerFacts(new Map(Object.entries({ hostname: 'h', port: '1', ...variables }))), notes);

it('[OPS-18] describes the server without its name, which is beside it', () => {
  expect(condition({ version: '10.11.6-MariaDB-0+deb12u1' })).toMatchObject({
    server: { name: 'h:1', text: 'MariaDB 10.11.6' },
    readOnlyBy: undefined,
    risks: [],
  });
  const group = {
    group_replication_group_name: 'g',
    group_replication_single_primary_mode: 'ON',
    group_replication_consistency: 'BEFORE',
  };
  expect(condition({ version: '8.4.3', ...group }, ['a note']).server?.text).toBe(
    'MySQL 8.4.3, in a replication group with one primary (group_replication_consistency is BEFORE); a note',
  );
});

it('[OPS-11] [DBC-13] warns of Galera, and of COMMITs that are answered early', () => {
  const galera = condition({
    version: '11.4.2-MariaDB',
    wsrep_on: 'ON',
    innodb_flush_log_at_trx_commit: '0',
  });
  expect(galera.server?.text).toBe('MariaDB 11.4.2, a node of a Galera cluster');
  expect(galera.risks).toMatchObject([
    { key: 'wsrep_on', text: expect.stringContaining('All services must use the same node.') },
    {
      key: 'innodb_flush_log_at_trx_commit',
      text: "The database's innodb_flush_log_at_trx_commit is 0: a crash of its machine may lose acknowledged messages. Set it to 1.",
    },
  ]);
});

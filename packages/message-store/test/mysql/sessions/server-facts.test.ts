import { expect, it } from 'vitest';
import { readServerFacts } from '../../../src/mysql/sessions/server-facts.ts';

const MYSQL = { version: '8.4.3', hostname: 'db-1', port: '3306', server_id: '1', server_uuid: 'u-1' };
const MARIADB = { version: '10.11.6-MariaDB-log', hostname: 'db-1', port: '3306', server_id: '1' };
const GROUP = {
  ...MYSQL,
  group_replication_group_name: '11111111-2222-3333-4444-555555555555',
  group_replication_single_primary_mode: 'ON',
  group_replication_consistency: 'BEFORE_ON_PRIMARY_FAILOVER',
};

const factsOf = (variables: Readonly<Record<string, string>>) =>
  readServerFacts(new Map(Object.entries(variables)));

it('[DBC-11] a single server: nothing is wrong with it', () => {
  expect(factsOf({ ...MYSQL, read_only: 'OFF', super_read_only: 'OFF', innodb_read_only: 'OFF' })).toEqual({
    isMariadb: false,
    version: '8.4.3',
    name: 'db-1:3306',
    identity: 'u-1 1 db-1:3306',
    readOnlyBy: undefined,
    isGalera: false,
    groupConsistency: undefined,
    lateFlushes: new Map(),
  });
  expect(factsOf(MARIADB)).toMatchObject({ isMariadb: true, isGalera: false });
});

it.each([
  ['read_only', 'ON'],
  ['super_read_only', 'ON'],
  ['innodb_read_only', '1'],
  ['read_only', 'NO_LOCK_NO_ADMIN'],
])('[DBC-11] %s=%s: the server takes no writes, whatever the rights of the user', (name, value) => {
  expect(factsOf({ ...MARIADB, [name]: value }).readOnlyBy).toBe(name);
});

it.each([
  ['group_replication_single_primary_mode', 'OFF'],
  ['group_replication_consistency', 'EVENTUAL'],
])('[DBC-12] a replication group with %s=%s is refused by that name', (name, value) => {
  const error: unknown = expectRefusal({ ...GROUP, [name]: value });
  expect(error).toMatchObject({
    code: 'topology_refused',
    message: expect.stringContaining(`${name} is ${value}`),
  });
  expect(factsOf({ ...MYSQL, [name]: value }).groupConsistency).toBeUndefined(); // it is in no group
});

it.each(['BEFORE_ON_PRIMARY_FAILOVER', 'BEFORE', 'AFTER', 'BEFORE_AND_AFTER'])(
  '[DBC-12] a replication group with one primary and the consistency %s is used',
  (consistency) => {
    const facts = factsOf({ ...GROUP, group_replication_consistency: consistency });
    expect(facts.groupConsistency).toBe(consistency);
  },
);

it.each([
  ['TiDB', { version: '8.0.11-TiDB-v7.5.1' }],
  ['Vitess', { version: '8.0.30-Vitess' }],
  ['vitess', { version: '8.0.30', version_comment: 'vitess' }],
])('[DBC-12] %s is refused by its name: %o', (product, variables) => {
  expect(expectRefusal({ ...MYSQL, ...variables })).toMatchObject({
    code: 'topology_refused',
    message: expect.stringContaining(`DATABASE_URL leads to ${product}`),
  });
});

it('[DBC-13] a Galera node is one, and is not ready without a majority of its cluster', () => {
  const node = { ...MARIADB, wsrep_on: 'ON' };
  expect(factsOf({ ...node, wsrep_cluster_status: 'Primary', wsrep_ready: 'ON' }).isGalera).toBe(true);
  expect(factsOf({ ...node, wsrep_cluster_status: 'primary' }).isGalera).toBe(true);
  for (const status of [{ wsrep_cluster_status: 'non-Primary' }, { wsrep_ready: 'OFF' }]) {
    expect(expectRefusal({ ...node, ...status })).toMatchObject({ code: 'node_not_ready' });
  }
});

it('[OPS-11] tells the settings with which a COMMIT is answered early: those of a binary log only where there is one', () => {
  const late = { innodb_flush_log_at_trx_commit: '2', sync_binlog: '0' };
  const flushes = (log_bin: string) => [...factsOf({ ...MYSQL, ...late, log_bin }).lateFlushes];
  expect(flushes('OFF')).toEqual([['innodb_flush_log_at_trx_commit', '2']]);
  expect(flushes('ON')).toEqual([
    ['innodb_flush_log_at_trx_commit', '2'],
    ['sync_binlog', '0'],
  ]);
});

function expectRefusal(variables: Readonly<Record<string, string>>): unknown {
  try {
    factsOf(variables);
  } catch (error) {
    return error;
  }
  throw new Error('it was not refused');
}

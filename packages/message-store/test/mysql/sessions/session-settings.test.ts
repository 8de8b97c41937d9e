import { expect, it } from 'vitest';
import {
  checkSessionVariables,
  correctingStatements,
  PACKET_BYTES_MIN,
  type SessionRequest,
  sessionStatements,
} from '../../../src/mysql/sessions/session-settings.ts';

const GOOD: Readonly<Record<string, string>> = {
  sql_mode: 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION',
  time_zone: '+00:00',
  character_set_client: 'utf8mb4',
  character_set_connection: 'utf8mb4',
  character_set_results: 'utf8mb4',
  transaction_isolation: 'READ-COMMITTED',
  autocommit: 'ON',
  max_allowed_packet: '16777216',
  auto_increment_increment: '1',
  version: '8.4.3',
  wait_timeout: '120',
  innodb_lock_wait_timeout: '50',
};

const READ = { role: 'read', idleSecondsMax: 120 } as const;
const WRITE = { role: 'write', idleSecondsMax: 10 } as const;

const check = (changes: Readonly<Record<string, string>>, asked: SessionRequest = READ) =>
  checkSessionVariables(new Map(Object.entries({ ...GOOD, ...changes })), asked);

it('[LOG-9] takes a session that is as it was asked to be, and tells its facts', () => {
  const limits = { auto_increment_increment: '3', max_connections: '151', max_user_connections: '0' };
  expect(check(limits)).toMatchObject({
    packetBytesMax: 16_777_216,
    idStep: 3,
    returnsInserted: false,
    connectionsMax: 151,
    server: { version: '8.4.3', readOnlyBy: undefined },
  });
  expect(check({ version: '10.11.6-MariaDB-log' }).returnsInserted).toBe(true);
});

const REFUSED: readonly [string, string][] = [
  ['sql_mode', ''],
  ['sql_mode', 'STRICT_TRANS_TABLES,NO_BACKSLASH_ESCAPES'],
  ['sql_mode', 'STRICT_TRANS_TABLES,PAD_CHAR_TO_FULL_LENGTH'],
  ['time_zone', 'SYSTEM'],
  ['character_set_client', 'latin1'],
  ['character_set_connection', 'utf8mb3'],
  ['character_set_results', ''],
  ['transaction_isolation', 'REPEATABLE-READ'],
  ['autocommit', 'OFF'],
  ['wait_timeout', '28800'],
  ['max_allowed_packet', String(PACKET_BYTES_MIN - 1)],
  ['auto_increment_increment', '0'],
  ['wsrep_dirty_reads', 'ON'],
];
for (const [name, value] of REFUSED) {
  it(`[LOG-9] refuses a session whose ${name} is ${value || 'empty'}`, () => {
    expect(() => check({ [name]: value })).toThrow(name);
  });
}

it('[LOG-9] names everything that is wrong at once, also what is missing', () => {
  expect(() => checkSessionVariables(new Map(), WRITE)).toThrow(
    /sql_mode.*time_zone.*character_set_client.*transaction_isolation.*autocommit.*wait_timeout.*innodb_lock_wait_timeout.*max_allowed_packet/,
  );
});

it('[LOG-9] a writer that would wait for locks for longer is refused, and the proxy that may be the cause is named', () => {
  const writes = { autocommit: 'OFF', wait_timeout: '10' };
  expect(check({ ...writes, innodb_lock_wait_timeout: '1' }, WRITE).asked).toBe(WRITE);
  expect(() => check({ ...writes, innodb_lock_wait_timeout: '50' }, WRITE)).toThrow(
    /innodb_lock_wait_timeout is 50, not 1; does a proxy/,
  );
});

it('[DBC-11] a session that writes is refused where nothing can be written; one that reads is not', () => {
  const writes = { autocommit: 'OFF', wait_timeout: '10', innodb_lock_wait_timeout: '1', read_only: 'ON' };
  expect(() => check(writes, WRITE)).toThrow('read_only is on');
  expect(check({ read_only: 'ON' }).server.readOnlyBy).toBe('read_only');
});

it('reads the isolation level under MariaDB’s older name', () => {
  const variables = new Map(Object.entries({ ...GOOD, tx_isolation: 'READ-COMMITTED' }));
  variables.delete('transaction_isolation');
  expect(checkSessionVariables(variables, READ).idStep).toBe(1);
});

it('writers wait a second for a lock, and are ended when they fall silent', () => {
  const statements = sessionStatements(WRITE).join('; ');
  expect(statements).toContain('innodb_lock_wait_timeout = 1');
  expect(statements).toContain('wait_timeout = 10');
  expect(statements).toContain('autocommit = 0');
});

it('[ACK-3] what saves acks commits each statement, and waits a second for a row', () => {
  const statements = sessionStatements({ role: 'save', idleSecondsMax: 120 }).join('; ');
  expect(statements).toContain('autocommit = 1');
  expect(statements).toContain('innodb_lock_wait_timeout = 1');
});

it('[DBC-4] knows how many connections its server allows', () => {
  const allowed = (max_connections: string, max_user_connections: string) =>
    check({ max_connections, max_user_connections }).connectionsMax;
  expect(allowed('151', '5')).toBe(5);
  expect(allowed('10', '50')).toBe(10);
  expect(check({}).connectionsMax).toBe(Infinity); // nothing is known of a limit
});

it('[DBC-13] turns dirty reads of a Galera node off, and sets nothing for other servers', () => {
  expect(correctingStatements(new Map([['wsrep_dirty_reads', 'ON']]))).toEqual([
    'SET SESSION wsrep_dirty_reads = OFF',
  ]);
  expect(correctingStatements(new Map([['wsrep_dirty_reads', 'OFF']]))).toEqual([]);
  expect(correctingStatements(new Map(Object.entries(GOOD)))).toEqual([]);
});

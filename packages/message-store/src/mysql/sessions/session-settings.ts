import { readServerFacts, type ServerFacts, ServerReadOnlyError } from './server-facts.ts';
import { lookStatement, type Variables } from './session-variables.ts';

/**
 * Settings that every session makes when it connects, and then verifies. A session that is not strict cuts texts that
 * are too long; one that is not utf8mb4 turns emoji into "?"; one that is not in UTC shifts all times. Such sessions
 * are refused.
 */

/**
 * `write` sessions hold locks on counters, `save` sessions lock rows for one statement, `read` sessions never hold
 * locks, and `migrate` sessions wait as long as DDL takes.
 */
export type SessionRole = 'read' | 'write' | 'save' | 'migrate';

interface SessionTimes {
  /** Seconds of silence after which the server ends the session and releases its locks. */
  readonly idleSecondsMax: number;
}

export interface SessionRequest extends SessionTimes {
  readonly role: SessionRole;
}

const SQL_MODE = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION';

/** The shortest possible wait. Targets whose counter is held longer go to another lane. */
const WRITER_LOCK_WAIT_SECONDS = 1;

/**
 * A migration waits this long for a table that a transaction is using, and then tries again. Meanwhile every later
 * statement, including those of publishers, waits behind it.
 */
const MIGRATION_TABLE_WAIT_SECONDS = 1;

/** A message of 65,535 bytes and its statement fit many times over. The servers' defaults are 16 MiB and 64 MiB. */
export const PACKET_BYTES_MIN = 1024 * 1024;

/** The statements that configure a session. */
export function sessionStatements({ role, idleSecondsMax }: SessionRequest): readonly string[] {
  const common = [
    'SET NAMES utf8mb4 COLLATE utf8mb4_bin',
    'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  ];
  const variables = [`sql_mode = '${SQL_MODE}'`, "time_zone = '+00:00'"];
  switch (role) {
    case 'read':
      variables.push('autocommit = 1', `wait_timeout = ${idleSecondsMax}`);
      break;
    case 'write':
      variables.push(
        'autocommit = 0', // each statement then begins a transaction, without a round trip for BEGIN
        `wait_timeout = ${idleSecondsMax}`,
        `innodb_lock_wait_timeout = ${WRITER_LOCK_WAIT_SECONDS}`,
      );
      break;
    case 'save':
      variables.push(
        'autocommit = 1',
        `wait_timeout = ${idleSecondsMax}`,
        `innodb_lock_wait_timeout = ${WRITER_LOCK_WAIT_SECONDS}`,
      );
      break;
    case 'migrate':
      variables.push('autocommit = 1', `lock_wait_timeout = ${MIGRATION_TABLE_WAIT_SECONDS}`);
      break;
  }
  return [...common, `SET ${variables.map((variable) => `SESSION ${variable}`).join(', ')}`];
}

/**
 * Further statements that a session needs, depending on its variables. Without dirty reads, a Galera node that has lost
 * its cluster refuses to read (error 1047). With dirty reads it would return outdated rows.
 */
export function correctingStatements(variables: Variables): readonly string[] {
  return variables.get('wsrep_dirty_reads') === 'ON' ? ['SET SESSION wsrep_dirty_reads = OFF'] : [];
}

/** Facts about the server that a session depends on. */
export interface SessionFacts {
  readonly packetBytesMax: number;
  /** The difference between consecutive ids of rows that one statement inserts. */
  readonly idStep: number;
  /** Whether the server has INSERT … RETURNING: MariaDB from 10.5 on. */
  readonly returnsInserted: boolean;
  /** Connections that the server allows this user, or all users together if that is less. */
  readonly connectionsMax: number;
  readonly server: ServerFacts;
  /** The session that was requested. */
  readonly asked: SessionRequest;
  /** The statement that checks the server again later. */
  readonly lookStatement: string;
}

/**
 * The server's settings make it impossible to store messages unchanged, or a proxy does not keep the session's
 * settings.
 */
export class SessionRefusedError extends Error {
  readonly code = 'session_refused';

  constructor(faults: readonly string[]) {
    super(`the database session is not usable: ${faults.join('; ')}`);
    this.name = 'SessionRefusedError';
  }
}

/** SQL modes that change the meaning of our statements. */
const FOREIGN_MODES: ReadonlySet<string> = new Set([
  'ANSI_QUOTES',
  'NO_BACKSLASH_ESCAPES',
  'PAD_CHAR_TO_FULL_LENGTH',
  'NO_UNSIGNED_SUBTRACTION',
  'PIPES_AS_CONCAT',
  'NO_AUTO_VALUE_ON_ZERO',
]);

/**
 * Checks a session's variables. Throws a SessionRefusedError that lists everything wrong with them, a
 * TopologyRefusedError if the server can't keep the guarantees, and a ServerReadOnlyError if a session that writes is
 * connected to a read-only server.
 */
export function checkSessionVariables(variables: Variables, asked: SessionRequest): SessionFacts {
  const server = readServerFacts(variables);
  const faults = [...sessionFaults(variables, asked), ...limitFaults(variables)];
  if (faults.length > 0) throw new SessionRefusedError(faults);
  if (asked.role !== 'read' && server.readOnlyBy !== undefined) {
    throw new ServerReadOnlyError(server.readOnlyBy);
  }
  return {
    packetBytesMax: Number(variables.get('max_allowed_packet')),
    idStep: Number(variables.get('auto_increment_increment')),
    returnsInserted: server.isMariadb,
    connectionsMax: serverConnectionsMax(variables),
    server,
    asked,
    lookStatement: lookStatement(variables),
  };
}

function sessionFaults(variables: Variables, { role, idleSecondsMax }: SessionRequest): readonly string[] {
  const faults: string[] = [];
  const expect = (name: string, expected: string, actual = variables.get(name) ?? 'missing') => {
    if (actual.toLowerCase() !== expected.toLowerCase()) faults.push(`${name} is ${actual}, not ${expected}`);
  };
  const modes = (variables.get('sql_mode') ?? '').split(',');
  if (!modes.includes('STRICT_TRANS_TABLES')) faults.push('sql_mode lacks STRICT_TRANS_TABLES');
  for (const mode of modes.filter((name) => FOREIGN_MODES.has(name))) faults.push(`sql_mode has ${mode}`);
  expect('time_zone', '+00:00');
  for (const side of ['client', 'connection', 'results']) expect(`character_set_${side}`, 'utf8mb4');
  const isolation = variables.get('transaction_isolation') ?? variables.get('tx_isolation');
  expect('transaction_isolation', 'READ-COMMITTED', isolation);
  expect('autocommit', role === 'write' ? 'OFF' : 'ON');
  expect('wsrep_dirty_reads', 'OFF', variables.get('wsrep_dirty_reads') ?? 'OFF');
  if (role === 'migrate') expect('lock_wait_timeout', String(MIGRATION_TABLE_WAIT_SECONDS));
  else expect('wait_timeout', String(idleSecondsMax));
  if (role === 'write' || role === 'save') {
    expect('innodb_lock_wait_timeout', String(WRITER_LOCK_WAIT_SECONDS));
  }
  if (faults.length > 0) faults.push('does a proxy in front of the database drop SET?');
  return faults;
}

function limitFaults(variables: Variables): readonly string[] {
  const faults: string[] = [];
  const packetBytesMax = Number(variables.get('max_allowed_packet'));
  if (!(packetBytesMax >= PACKET_BYTES_MIN)) {
    faults.push(`max_allowed_packet is ${packetBytesMax}, less than ${PACKET_BYTES_MIN}`);
  }
  const idStep = Number(variables.get('auto_increment_increment'));
  if (!(idStep >= 1)) faults.push('auto_increment_increment is not known');
  return faults;
}

/** A session's own `max_user_connections` is the limit of its account, if the account has one; 0 means no limit. */
function serverConnectionsMax(variables: Variables): number {
  const limits = ['max_connections', 'max_user_connections'].map((name) => Number(variables.get(name)));
  return Math.min(...limits.filter((limit) => limit > 0));
}

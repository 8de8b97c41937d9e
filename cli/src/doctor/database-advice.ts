import type { DatabaseReasonCode } from '@postline/message-store';

const ADVICE: Readonly<Record<DatabaseReasonCode, string>> = {
  wrong_credentials: 'Correct the user or the password in DATABASE_URL.',
  auth_plugin: 'Let the database user sign in with caching_sha2_password, mysql_native_password or ed25519.',
  missing_right: 'Grant the rights that docs/database-rights.md lists.',
  unknown_database: 'Create the database (CREATE DATABASE), or correct its name in DATABASE_URL.',
  unknown_host: 'Correct the host in DATABASE_URL.',
  connection_refused: 'Start the database, or correct the host and port in DATABASE_URL.',
  connection_lost: 'Start the database again, and look into its error log for why it closed the connection.',
  timed_out: 'Start the database, or open the way to it: it does not answer.',
  tls: 'Make DATABASE_URL and DATABASE_CA_FILE fit the certificate of the database.',
  too_many_connections: 'Raise max_connections of the database, or lower DATABASE_READ_CONNECTIONS_MAX.',
  read_only: 'Let DATABASE_URL lead to the primary, or end read_only there.',
  disk_full: 'Free space on the disk of the database.',
  schema: 'Start an API of this version once: it migrates the schema.',
  schema_too_new: 'Use the release that migrated this database, or a later one.',
  session_refused: 'Change the setting of the database that the text names.',
  topology_refused: 'Change the setting that the text names; docs/topologies.md describes what is supported.',
  not_ready: 'Bring the node back into its cluster, or let DATABASE_URL lead to another node.',
  overloaded: 'Wait until the database has caught up, then check its load.',
  other: 'Look into the error log of the database.',
};

/** What to do about a database that can't be used. */
export function databaseAdvice(code: DatabaseReasonCode): string {
  return ADVICE[code];
}

/** Finds the code for a reason from `/readyz`, which is a text without a code. */
const TEXTS: readonly (readonly [RegExp, DatabaseReasonCode])[] = [
  [/read-only|read_only/, 'read_only'],
  [/not ready/, 'not_ready'],
  [/password|no connections from this host/, 'wrong_credentials'],
  [/does not exist/, 'unknown_database'],
  [/right/, 'missing_right'],
  [/schema has migration/, 'schema_too_new'],
  [/schema/, 'schema'],
  [/disk/, 'disk_full'],
  [/host of the database/, 'unknown_host'],
  [/TLS|encrypted/, 'tls'],
  [/no more connections/, 'too_many_connections'],
  [/in time|can not be reached/, 'timed_out'],
];

export function databaseAdviceFor(text: string): string {
  return ADVICE[TEXTS.find(([pattern]) => pattern.test(text))?.[1] ?? 'connection_refused'];
}

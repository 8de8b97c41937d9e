import type Database from 'libsql';
import { randomEpoch } from '../new-epoch.ts';

/** The tables of db/init.sql, with the types that SQLite has. SQLite compares text as bytes by default. */
const LOGS = `
CREATE TABLE messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  message TEXT NOT NULL CHECK (length(CAST(message AS BLOB)) <= 65535),
  target_id TEXT NOT NULL CHECK (length(target_id) BETWEEN 1 AND 128),
  "offset" INTEGER NOT NULL CHECK ("offset" >= 1),
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  publisher TEXT NOT NULL DEFAULT '' CHECK (length(publisher) <= 64),
  idempotency_key TEXT CHECK (length(idempotency_key) <= 255),
  UNIQUE (target_id, "offset"),
  UNIQUE (publisher, idempotency_key)
) STRICT;
CREATE TABLE targets (
  target_id TEXT NOT NULL PRIMARY KEY,
  head INTEGER NOT NULL,
  epoch_start INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE log_epoch (
  singleton INTEGER NOT NULL PRIMARY KEY DEFAULT 1 CHECK (singleton = 1),
  epoch TEXT NOT NULL,
  started_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;`;

/** As in db/init.sql. Connections that named no device have an empty one. */
const ACKS = `
CREATE TABLE acks (
  client_id TEXT NOT NULL CHECK (length(client_id) BETWEEN 1 AND 128),
  device_id TEXT NOT NULL CHECK (length(device_id) <= 64),
  target_id TEXT NOT NULL CHECK (length(target_id) BETWEEN 1 AND 128),
  epoch TEXT NOT NULL,
  "offset" INTEGER NOT NULL CHECK ("offset" >= 0),
  acked_at TEXT,
  last_used_at TEXT NOT NULL,
  PRIMARY KEY (client_id, device_id, target_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX acks_target ON acks (target_id, client_id, device_id);`;

/** As in db/init.sql. */
const DISCONNECTS = `
CREATE TABLE disconnects (
  client_id TEXT NOT NULL PRIMARY KEY CHECK (length(client_id) BETWEEN 1 AND 128),
  position INTEGER NOT NULL UNIQUE,
  tokens_refused_up_to TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE disconnect_head (
  singleton INTEGER NOT NULL PRIMARY KEY DEFAULT 1 CHECK (singleton = 1),
  head INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO disconnect_head DEFAULT VALUES;`;

/** As in db/init.sql. */
const REPLACED_EPOCH = `
ALTER TABLE log_epoch ADD COLUMN replaced_epoch TEXT;
ALTER TABLE log_epoch ADD COLUMN certain_until TEXT;`;

/**
 * As in db/init.sql, except for the indexes, because changes are read by position alone. One index finds a client's
 * groups, one finds the changes for relays, and a small one finds departures.
 */
const MEMBERS = `
CREATE TABLE members (
  group_name TEXT NOT NULL CHECK (length(group_name) BETWEEN 1 AND 122),
  client_id TEXT NOT NULL CHECK (length(client_id) BETWEEN 1 AND 128),
  from_offset INTEGER NOT NULL CHECK (from_offset >= 0),
  since TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('member', 'left')),
  position INTEGER NOT NULL UNIQUE,
  PRIMARY KEY (group_name, client_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_client ON members (client_id, state, group_name);
CREATE INDEX members_left ON members (position) WHERE state = 'left';
CREATE TABLE member_head (
  singleton INTEGER NOT NULL PRIMARY KEY DEFAULT 1 CHECK (singleton = 1),
  head INTEGER NOT NULL DEFAULT 0,
  forgotten INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO member_head DEFAULT VALUES;`;

/** Each step brings a file from one version to the next. The file stores its version as user_version. */
const STEPS = [LOGS, ACKS, DISCONNECTS, REPLACED_EPOCH, MEMBERS] as const;
const SCHEMA_VERSION = STEPS.length;

/** The file was written by a newer program. */
class SqliteSchemaError extends Error {
  readonly code = 'schema_version';

  constructor(version: number) {
    super(`the file's schema is version ${version}, this program knows ${SCHEMA_VERSION}`);
    this.name = 'SqliteSchemaError';
  }
}

/** Brings a new or older file to this program's schema. It is atomic, even if two processes do it at the same time. */
export function createSqliteSchema(database: Database.Database): void {
  if (readVersion(database) === SCHEMA_VERSION) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = readVersion(database);
    if (version > SCHEMA_VERSION) throw new SqliteSchemaError(version);
    for (const step of STEPS.slice(version)) database.exec(step);
    if (version === 0) {
      database.prepare('INSERT INTO log_epoch (epoch) VALUES (?)').run(randomEpoch());
    }
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function readVersion(database: Database.Database): number {
  const [row] = database.prepare('PRAGMA user_version').raw().all();
  return Array.isArray(row) ? Number(row[0]) : 0;
}

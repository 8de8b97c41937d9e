import { DEVICES_PER_CLIENT_MAX } from '@postline/protocol';
import type Database from 'libsql';

type Value = string | number | bigint | Buffer | null;

/** Rows of a log. A text longer than the first parameter is only measured. */
const MEASURED_ROWS = `SELECT id, target_id, "offset", CASE WHEN octet_length(message) <= ? THEN CAST(message AS BLOB) END,
  created_at, octet_length(message) FROM messages`;

/**
 * Prepares the store's statements once, with typed results. Messages are read as bytes, because libsql cuts text at
 * NUL.
 */
export function prepareStatements(database: Database.Database) {
  const makers = statementMakers(database);
  const { rowsOf, changeOf } = makers;
  return {
    begin: () => {
      database.exec('BEGIN IMMEDIATE');
    },
    beginReading: () => {
      database.exec('BEGIN');
    },
    commit: () => {
      database.exec('COMMIT');
    },
    rollback: () => {
      if (database.inTransaction) database.exec('ROLLBACK');
    },
    selectEpoch: rowsOf(`SELECT epoch, strftime('%Y-%m-%dT%H:%M:%fZ', 'now') FROM log_epoch`),
    selectTarget: rowsOf('SELECT head, epoch_start FROM targets WHERE target_id = ?'),
    addToHead: changeOf(
      `INSERT INTO targets (target_id, head) VALUES (?, ?)
       ON CONFLICT (target_id) DO UPDATE SET head = head + excluded.head`,
    ),
    selectByKey: rowsOf(
      `SELECT id, target_id, "offset", CAST(message AS BLOB), created_at FROM messages
       WHERE publisher = ? AND idempotency_key = ?`,
    ),
    insertMessage: changeOf(
      `INSERT INTO messages (message, target_id, "offset", created_at, publisher, idempotency_key)
       VALUES (?, ?, ?, ?, ?, ?)`,
    ),
    selectLog: rowsOf(`${MEASURED_ROWS} WHERE target_id = ? AND "offset" > ? ORDER BY "offset" LIMIT ?`),
    selectEarlierLog: rowsOf(
      `${MEASURED_ROWS} WHERE target_id = ? AND "offset" > ? AND "offset" < ? ORDER BY "offset" DESC LIMIT ?`,
    ),
    selectLongTexts: rowsOf(
      `SELECT id, target_id, "offset", CAST(message AS BLOB), created_at FROM messages
       WHERE target_id = ? AND "offset" BETWEEN ? AND ? AND octet_length(message) > ?`,
    ),
    ...historyStatements(makers),
    ...trimStatements(makers),
    ...disconnectStatements(makers),
    ...memberStatements(makers),
    saveAck: changeOf(
      `INSERT INTO acks (client_id, device_id, target_id, epoch, "offset", acked_at, last_used_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (client_id, device_id, target_id) DO UPDATE
         SET epoch = excluded.epoch, "offset" = excluded."offset", acked_at = excluded.acked_at
       WHERE excluded.epoch <> acks.epoch OR excluded."offset" > acks."offset"
         OR (acks.acked_at IS NULL AND excluded."offset" = acks."offset")`,
    ),
    saveBaseline: changeOf(
      `INSERT INTO acks (client_id, device_id, target_id, epoch, "offset", last_used_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (client_id, device_id, target_id) DO NOTHING`,
    ),
    touchDevice: changeOf('UPDATE acks SET last_used_at = ? WHERE client_id = ? AND device_id = ?'),
    selectDevice: rowsOf('SELECT target_id, epoch, "offset" FROM acks WHERE client_id = ? AND device_id = ?'),
    deleteUnusedDevices: changeOf(
      `DELETE FROM acks WHERE client_id = ? AND device_id IN (
         SELECT device_id FROM acks WHERE client_id = ? AND device_id <> '' GROUP BY device_id
         ORDER BY MAX(last_used_at) DESC, device_id DESC LIMIT -1 OFFSET ${DEVICES_PER_CLIENT_MAX})`,
    ),
    selectReceipts: rowsOf(
      `SELECT client_id, device_id, epoch, "offset", acked_at FROM acks
       WHERE target_id = ? AND acked_at IS NOT NULL ORDER BY client_id, device_id LIMIT ?`,
    ),
  };
}

function historyStatements({ rowsOf, changeOf }: ReturnType<typeof statementMakers>) {
  return {
    selectMark: rowsOf('SELECT id, created_at FROM messages WHERE target_id = ? AND "offset" = ?'),
    selectReplacedEpoch: rowsOf('SELECT replaced_epoch, certain_until FROM log_epoch'),
    /** The last offset, up to a cursor, of a row that was created before a given time. */
    selectCertain: rowsOf(
      `SELECT "offset" FROM messages WHERE target_id = ? AND "offset" <= ? AND created_at < ?
       ORDER BY "offset" DESC LIMIT 1`,
    ),
    selectIsTooSoon: rowsOf(
      `SELECT replaced_epoch IS NOT NULL AND started_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ?) FROM log_epoch`,
    ),
    replaceEpoch: changeOf(
      `UPDATE log_epoch SET epoch = ?, replaced_epoch = ?, started_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
         certain_until = strftime('%Y-%m-%dT%H:%M:%fZ', MIN(?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), ?)`,
    ),
  };
}

function trimStatements({ rowsOf, changeOf }: ReturnType<typeof statementMakers>) {
  return {
    selectTargetPage: rowsOf(
      'SELECT target_id, head FROM targets WHERE target_id > ? ORDER BY target_id LIMIT ?',
    ),
    selectOldest: rowsOf(
      `SELECT id, "offset", created_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ?) FROM messages
       WHERE target_id = ? ORDER BY "offset" LIMIT ?`,
    ),
    deleteUpTo: changeOf('DELETE FROM messages WHERE target_id = ? AND "offset" <= ?'),
  };
}

function disconnectStatements({ rowsOf, changeOf }: ReturnType<typeof statementMakers>) {
  const columns = 'client_id, position, tokens_refused_up_to';
  return {
    // Microseconds since 1970, as in the MySQL store: a lost position is never given again.
    addToDisconnectHead: changeOf(`UPDATE disconnect_head SET head = MAX(head + 1, ${MICROSECONDS})`),
    saveDisconnect: changeOf(
      `INSERT INTO disconnects (${columns})
       SELECT ?, head, CASE WHEN ? THEN strftime('%Y-%m-%dT%H:%M:%fZ', 'now') END FROM disconnect_head WHERE true
       ON CONFLICT (client_id) DO UPDATE SET position = excluded.position,
         tokens_refused_up_to = MAX(COALESCE(tokens_refused_up_to, excluded.tokens_refused_up_to),
           COALESCE(excluded.tokens_refused_up_to, tokens_refused_up_to))`,
    ),
    selectDisconnectHead: rowsOf('SELECT head FROM disconnect_head'),
    selectDisconnect: rowsOf(`SELECT ${columns} FROM disconnects WHERE client_id = ?`),
    selectDisconnectsAfter: rowsOf(
      `SELECT ${columns} FROM disconnects WHERE position > ? ORDER BY position LIMIT ?`,
    ),
  };
}

/** Microseconds since 1970, as in the MySQL store. */
const MICROSECONDS = "CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)";

function memberStatements({ rowsOf, changeOf }: ReturnType<typeof statementMakers>) {
  return {
    selectMember: rowsOf(
      'SELECT from_offset, since, state, position FROM members WHERE group_name = ? AND client_id = ?',
    ),
    countGroups: rowsOf("SELECT COUNT(*) FROM members WHERE client_id = ? AND state = 'member'"),
    selectNextPosition: rowsOf(
      `SELECT MAX(head, ${MICROSECONDS}), strftime('%Y-%m-%dT%H:%M:%fZ', 'now') FROM member_head`,
    ),
    saveMember: changeOf(
      `INSERT INTO members (group_name, client_id, from_offset, since, state, position) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (group_name, client_id) DO UPDATE SET from_offset = excluded.from_offset, since = excluded.since,
         state = excluded.state, position = excluded.position`,
    ),
    setMemberHead: changeOf('UPDATE member_head SET head = ?'),
    selectMemberHead: rowsOf('SELECT head, forgotten FROM member_head'),
    selectMembers: rowsOf(
      `SELECT client_id, from_offset, since FROM members
       WHERE group_name = ? AND client_id > ? AND state = 'member' ORDER BY client_id LIMIT ?`,
    ),
    selectGroups: rowsOf(
      `SELECT group_name, from_offset, since FROM members
       WHERE client_id = ? AND state = 'member' AND group_name > ? ORDER BY group_name LIMIT ?`,
    ),
    selectFollowed: rowsOf(
      "SELECT group_name, from_offset, position FROM members WHERE client_id = ? AND state = 'member'",
    ),
    selectMemberAt: rowsOf('SELECT group_name, client_id FROM members WHERE position = ?'),
    selectMemberChanges: rowsOf(
      `SELECT group_name, client_id, from_offset, state, position FROM members
       WHERE position > ? ORDER BY position LIMIT ?`,
    ),
    selectMicroseconds: rowsOf(`SELECT ${MICROSECONDS}`),
    selectOldDepartures: rowsOf(
      `SELECT group_name, client_id, position FROM members WHERE state = 'left' AND position < ?
       ORDER BY position LIMIT ?`,
    ),
    deleteMember: changeOf('DELETE FROM members WHERE group_name = ? AND client_id = ?'),
    setForgotten: changeOf('UPDATE member_head SET forgotten = MAX(forgotten, ?)'),
  };
}

function statementMakers(database: Database.Database) {
  /** Returns columns by position. `all` reads to the end, so no statement keeps an old snapshot open. */
  const rowsOf = (sql: string) => {
    const statement = database.prepare(sql).raw();
    return (...values: Value[]): readonly (readonly unknown[])[] => statement.all(...values).map(asRow);
  };
  const changeOf = (sql: string) => {
    const statement = database.prepare(sql);
    return (...values: Value[]) => statement.run(...values);
  };
  return { rowsOf, changeOf };
}

export type SqliteStatements = ReturnType<typeof prepareStatements>;

function asRow(row: unknown): readonly unknown[] {
  if (!Array.isArray(row)) throw new TypeError('a row did not come as an array');
  const columns: readonly unknown[] = row;
  return columns;
}

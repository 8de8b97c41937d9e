import { partsOf } from '@postline/service-runtime';
import { outboxRowFault } from './outbox-row-fault.ts';
import type { Session } from '../sessions/session.ts';
import { IN_LIST_MAX, padInList, placeholders } from '../sessions/statement-shape.ts';

/** A message that an application published by SQL, or a join or leave of a group; committed. */
export type OutboxRow = { readonly id: string; readonly targetId: string } & (
  | { readonly kind: 'message'; readonly message: string }
  | { readonly kind: 'join' | 'leave'; readonly clientId: string }
);

/** A row of the outbox that can't be moved. */
export interface UntakenRow {
  readonly id: string;
  readonly reason: string;
}

export interface OutboxRows {
  /** Each target's in the order in which they were published. */
  readonly rows: readonly OutboxRow[];
  /** Rows among them that can't be moved. */
  readonly untaken: readonly UntakenRow[];
  /** Targets that may have more than was read. */
  readonly unfinished: ReadonlySet<string>;
}

/** Of the longest messages 16 MiB: the most that one read may bring into memory. A power of two: it is halved. */
export const OUTBOX_ROWS_PER_READ_MAX = 256;

/** A target with a long queue fills a read; with several reads a few of those delay no other target of an append. */
const FULL_READS_MAX = 4;

/** After so much the counters should be given free soon. */
const READ_BYTES_ENOUGH = 4 * 1024 * 1024;

/** Targets of one page: their counters are held together, for as long as it takes to move their rows. */
const PAGE_TARGETS_MAX = 64;

/**
 * Some targets that have committed rows, in byte order; those that a row was given by hand among them, be they no ids at
 * all. The first page has no lower bound, so that an empty text, which is greater than nothing, is on it.
 */
export async function readOutboxTargets(
  session: Session,
  afterTargetId: string,
): Promise<{ readonly targetIds: readonly string[]; readonly isLastPage: boolean }> {
  const isFirstPage = afterTargetId === '';
  const rows = await session.select<{ target_id: string | null }>(
    `SELECT DISTINCT target_id FROM outbox ${isFirstPage ? '' : 'WHERE target_id > ? '}ORDER BY target_id LIMIT ${PAGE_TARGETS_MAX}`,
    isFirstPage ? [] : [afterTargetId],
  );
  return { targetIds: rows.map((row) => row.target_id ?? ''), isLastPage: rows.length < PAGE_TARGETS_MAX };
}

/**
 * Reads committed rows of targets whose counters this transaction holds; only after it has taken them, so that no row
 * can have been committed, and followed by a message in the log, before. A plain read: it waits for no transaction of
 * an application's.
 */
export async function readOutboxRows(session: Session, targetIds: readonly string[]): Promise<OutboxRows> {
  const rows: OutboxRow[] = [];
  const untaken: UntakenRow[] = [];
  const unfinished = new Set<string>();
  let bytes = 0;
  for (const part of partsOf([...targetIds].sort(), IN_LIST_MAX)) {
    let unread = part;
    while (unread.length > 0) {
      if (unfinished.size >= FULL_READS_MAX || bytes >= READ_BYTES_ENOUGH) {
        for (const targetId of await targetsWithRows(session, unread)) unfinished.add(targetId);
        break;
      }
      const read = await readRows(session, unread);
      for (const row of read) {
        const sorted = sortOut(row);
        if ('reason' in sorted) untaken.push(sorted);
        else rows.push(sorted);
        bytes += row.message_bytes?.length ?? 0;
      }
      const last = lastTargetOf(read);
      if (last === undefined || read.length < OUTBOX_ROWS_PER_READ_MAX) break;
      unfinished.add(last);
      unread = unread.filter((targetId) => targetId > last);
    }
  }
  return { rows, untaken, unfinished };
}

/** A row as stored: bytes, because the table may hold invalid text that was written to it by hand. */
interface StoredRow {
  readonly id: string;
  readonly kind: OutboxRow['kind'];
  readonly target_bytes: Buffer | null;
  readonly client_bytes: Buffer | null;
  readonly message_bytes: Buffer | null;
}

function sortOut(row: StoredRow): OutboxRow | UntakenRow {
  const { id, kind, target_bytes: target, client_bytes: client, message_bytes: message } = row;
  const reason = outboxRowFault({ kind, target, client, message });
  if (reason !== undefined) return { id, reason };
  const targetId = target?.toString() ?? '';
  if (kind === 'message') return { id, kind, targetId, message: message?.toString() ?? '' };
  return { id, kind, targetId, clientId: client?.toString() ?? '' };
}

/** The one that was asked for: `ascii_bin` takes an id with spaces at its end for the id without them. */
function lastTargetOf(read: readonly StoredRow[]): string | undefined {
  return read.at(-1)?.target_bytes?.toString('latin1').replace(/ +$/, '');
}

/** By target, so that it is a range of the index that ends at the limit, and all but the last target are complete. */
function readRows(session: Session, targetIds: readonly string[]): Promise<readonly StoredRow[]> {
  const ids = padInList(targetIds);
  return session.select<StoredRow>(
    `SELECT CAST(id AS CHAR) AS id, kind, CAST(target_id AS BINARY) AS target_bytes, CAST(client_id AS BINARY) AS client_bytes, CAST(message AS BINARY) AS message_bytes FROM outbox FORCE INDEX (outbox_target) WHERE target_id IN (${placeholders(ids.length)}) ORDER BY outbox.target_id, outbox.id LIMIT ${OUTBOX_ROWS_PER_READ_MAX}`,
    ids,
  );
}

async function targetsWithRows(session: Session, targetIds: readonly string[]): Promise<readonly string[]> {
  const ids = padInList(targetIds);
  const rows = await session.select<{ target_id: string }>(
    `SELECT DISTINCT target_id FROM outbox WHERE target_id IN (${placeholders(ids.length)})`,
    ids,
  );
  return rows.map((row) => row.target_id);
}

/**
 * Deletes rows that were read as committed. One by one by their primary key, which this form of join makes sure of on
 * both servers: for `id IN (…)` they take to scanning the table from some tens of ids on, whatever index is forced, and
 * a scan waits for the rows of every application whose transaction is open.
 */
export async function deleteOutboxRows(
  session: Session,
  rows: readonly { readonly id: string }[],
): Promise<void> {
  await session.change(
    "DELETE o FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) moved STRAIGHT_JOIN outbox o FORCE INDEX (PRIMARY) ON o.id = moved.id",
    [`[${rows.map(({ id }) => id).join(',')}]`],
  );
}

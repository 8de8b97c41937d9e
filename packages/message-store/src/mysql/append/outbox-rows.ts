import { partsOf } from '@postline/service-runtime';
import { outboxRowFault } from './outbox-row-fault.ts';
import type { Session } from '../sessions/session.ts';
import { IN_LIST_MAX, padInList, placeholders } from '../sessions/statement-shape.ts';

/** A committed message, join or leave that an application wrote by SQL. */
export type OutboxRow = { readonly id: string; readonly targetId: string } & (
  | { readonly kind: 'message'; readonly message: string }
  | { readonly kind: 'join' | 'leave'; readonly clientId: string }
);

/** An outbox row that can't be moved. */
export interface UntakenRow {
  readonly id: string;
  readonly reason: string;
}

export interface OutboxRows {
  /** For each target, in the order in which they were published. */
  readonly rows: readonly OutboxRow[];
  /** Rows that were read and can't be moved. */
  readonly untaken: readonly UntakenRow[];
  /** Targets that may have more rows than were read. */
  readonly unfinished: ReadonlySet<string>;
}

/**
 * With the longest messages this is 16 MiB, the most that one read may load into memory. A power of two, because it is
 * halved.
 */
export const OUTBOX_ROWS_PER_READ_MAX = 256;

/**
 * One target with a long queue fills a read. With several reads, a few such targets don't delay the append's other
 * targets.
 */
const FULL_READS_MAX = 4;

/** After this many bytes, the transaction should soon release its counters. */
const READ_BYTES_ENOUGH = 4 * 1024 * 1024;

/** Targets of one page. Their counters are held together until the rows are moved. */
const PAGE_TARGETS_MAX = 64;

/**
 * Reads some targets that have committed rows, in byte order. The list can contain invalid ids, which somebody inserted
 * by hand. The first page has no lower bound, because the empty text would be excluded by `> ''`.
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
 * Reads committed rows of targets whose counters this transaction holds. Reading before that would be wrong: a row
 * could be committed in between, and a later message could reach the log first. This is a plain read, so it waits for
 * no application's transaction.
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

/** A row as bytes, because the table may contain invalid text that was inserted by hand. */
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

/** The id that was asked for: `ascii_bin` treats an id with trailing spaces as equal to the id without them. */
function lastTargetOf(read: readonly StoredRow[]): string | undefined {
  return read.at(-1)?.target_bytes?.toString('latin1').replace(/ +$/, '');
}

/**
 * Ordered by target: the read is a range of the index that ends at the limit, and all targets but the last are
 * complete.
 */
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
 * Deletes committed rows that were read before. It deletes them one by one, by primary key, and this form of join
 * guarantees that on both servers. For `id IN (…)` with more than some tens of ids, the servers scan the table whatever
 * index is forced, and a scan waits for the rows of every open transaction.
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

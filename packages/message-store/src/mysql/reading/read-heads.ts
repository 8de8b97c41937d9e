import type { RowMark } from '@postline/protocol';
import type { LogHead, LogHeads, LogPlace } from '../../message-store.ts';
import { isoFromDatabaseTime } from '../sessions/database-time.ts';
import type { Session } from '../sessions/session.ts';
import { padInList, placeholders, roundUpRowCount } from '../sessions/statement-shape.ts';

interface HeadRow {
  readonly epoch: string;
  readonly replaced_epoch: string | null;
  readonly certain_until: string | null;
  readonly now: string;
  readonly target_id: string | null;
  readonly head: number | null;
  readonly epoch_start: number | null;
  readonly id: string | null;
  readonly created_at: string | null;
}

/** The epoch before the current one, where that was begun without the command. */
export interface ReplacedEpoch {
  readonly epoch: string;
  /** What is older, by the database's clock, is common to both. */
  readonly certainUntil: string;
}

export interface LogHeadsOfEpochs extends LogHeads {
  readonly replaced: ReplacedEpoch | undefined;
}

const UNWRITTEN: LogHead = { head: 0, epochStart: 0 };

/**
 * Heads of so many targets and the rows there, each found by its key; one row without a target where none of them has
 * any.
 */
export function readHeadsStatement(idCount: number): string {
  const condition = idCount === 0 ? 'FALSE' : `t.target_id IN (${placeholders(idCount)})`;
  return (
    'SELECT e.epoch, e.replaced_epoch, e.certain_until, CURRENT_TIMESTAMP(3) AS now, t.target_id, t.head, t.epoch_start,' +
    ' CAST(m.id AS CHAR) AS id, m.created_at FROM log_epoch e' +
    ` LEFT JOIN targets t ON ${condition}` +
    ' LEFT JOIN messages m ON m.target_id = t.target_id AND m.`offset` = t.head WHERE e.singleton = 1'
  );
}

/** Reads the heads of many targets, and the epoch with them, in one statement. */
export async function readLogHeads(
  session: Session,
  targetIds: readonly string[],
): Promise<LogHeadsOfEpochs> {
  const ids = padInList(targetIds);
  const rows = await session.select<HeadRow>(readHeadsStatement(ids.length), ids);
  const [first] = rows;
  if (first === undefined) throw new Error('the database has no epoch');
  const heads = new Map(targetIds.map((targetId) => [targetId, UNWRITTEN]));
  for (const row of rows) {
    if (row.target_id === null) continue;
    const mark = markOf(row);
    heads.set(row.target_id, { head: row.head ?? 0, epochStart: row.epoch_start ?? 0, mark });
  }
  const { epoch, replaced_epoch: replacedEpoch, certain_until: certainUntil, now } = first;
  const wasReplaced = replacedEpoch !== null && certainUntil !== null;
  return {
    epoch,
    replaced: wasReplaced ? { epoch: replacedEpoch, certainUntil } : undefined,
    databaseTimeMs: Date.parse(isoFromDatabaseTime(now)),
    heads,
  };
}

interface PlaceRow {
  readonly target_id: string;
  readonly offset: number;
  readonly id: string;
  readonly created_at: string;
}

/**
 * Rows at so many places. MariaDB makes no ranges of `(a, b) IN ((…), …)` and scans; of this it makes one for each
 * place.
 */
export function readMarksStatement(placeCount: number): string {
  const places = Array.from({ length: placeCount }, () => '(target_id = ? AND `offset` = ?)').join(' OR ');
  return (
    'SELECT target_id, `offset`, CAST(id AS CHAR) AS id, created_at' +
    ` FROM messages FORCE INDEX (messages_target_offset) WHERE ${places}`
  );
}

/** Reads which rows stand at these places, in their order. */
export async function readRowMarks(
  session: Session,
  places: readonly LogPlace[],
): Promise<readonly (RowMark | undefined)[]> {
  const last = places.at(-1);
  if (last === undefined) return [];
  const count = roundUpRowCount(places.length);
  const padded = [...places, ...Array.from({ length: count - places.length }, () => last)];
  const rows = await session.select<PlaceRow>(
    readMarksStatement(count),
    padded.flatMap(({ targetId, offset }) => [targetId, offset]),
  );
  const marks = new Map(rows.map((row) => [`${row.offset} ${row.target_id}`, markOf(row)]));
  return places.map(({ targetId, offset }) => marks.get(`${offset} ${targetId}`));
}

function markOf({ id, created_at: createdAt }: Pick<HeadRow, 'id' | 'created_at'>): RowMark | undefined {
  return id === null || createdAt === null ? undefined : { id, createdAt: isoFromDatabaseTime(createdAt) };
}

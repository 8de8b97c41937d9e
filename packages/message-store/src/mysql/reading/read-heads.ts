import type { RowMark } from '@postline/protocol';
import { partsOf } from '@postline/service-runtime';
import type { LogHead, LogHeads, LogPlace } from '../../message-store.ts';
import { isoFromDatabaseTime } from '../sessions/database-time.ts';
import type { Session } from '../sessions/session.ts';
import { IN_LIST_MAX, padInList, placeholders } from '../sessions/statement-shape.ts';

/** The first row, about the epoch; the columns of the others are null in it. */
interface EpochRow {
  readonly epoch: string;
  readonly replaced_epoch: string | null;
  readonly certain_until: string | null;
  readonly now: string;
}

/** A target that has been written to, and the row at its head if it is still there. */
interface HeadRow {
  readonly epoch: null;
  readonly target_id: string;
  readonly head: number;
  readonly epoch_start: number;
  readonly id: string | null;
  readonly created_at: string | null;
}

/** The epoch before the current one, where that was begun without the command. */
export interface ReplacedEpoch {
  readonly epoch: string;
  /** Rows that are older, by the database's clock, are common to both. */
  readonly certainUntil: string;
}

export interface LogHeadsOfEpochs extends LogHeads {
  readonly replaced: ReplacedEpoch | undefined;
}

const UNWRITTEN: LogHead = { head: 0, epochStart: 0 };

/**
 * The epoch, then the heads of so many targets and the rows there, each found by its key. One statement, so that they
 * come from one snapshot; the epoch is not repeated in each row, and times are texts already, as reading a thousand of
 * either costs this process more than the server.
 */
export function readHeadsStatement(idCount: number): string {
  const condition = idCount === 0 ? 'FALSE' : `t.target_id IN (${placeholders(idCount)})`;
  return (
    'SELECT e.epoch, e.replaced_epoch, CAST(e.certain_until AS CHAR) AS certain_until,' +
    ' CAST(CURRENT_TIMESTAMP(3) AS CHAR) AS now, NULL AS target_id, NULL AS head, NULL AS epoch_start, NULL AS id,' +
    ' NULL AS created_at FROM log_epoch e WHERE e.singleton = 1' +
    ' UNION ALL SELECT NULL, NULL, NULL, NULL, t.target_id, t.head, t.epoch_start, CAST(m.id AS CHAR),' +
    ' CAST(m.created_at AS CHAR) FROM targets t' +
    ` LEFT JOIN messages m ON m.target_id = t.target_id AND m.\`offset\` = t.head WHERE ${condition}`
  );
}

/** Reads the heads of many targets, and the epoch with them, in one statement. */
export async function readLogHeads(
  session: Session,
  targetIds: readonly string[],
): Promise<LogHeadsOfEpochs> {
  const ids = padInList(targetIds);
  const rows = await session.select<EpochRow | HeadRow>(readHeadsStatement(ids.length), ids);
  const heads = new Map(targetIds.map((targetId) => [targetId, UNWRITTEN]));
  let current: EpochRow | undefined;
  for (const row of rows) {
    if (row.epoch !== null) current = row;
    else heads.set(row.target_id, { head: row.head, epochStart: row.epoch_start, mark: markOf(row) });
  }
  if (current === undefined) throw new Error('the database has no epoch');
  const { epoch, replaced_epoch: replacedEpoch, certain_until: certainUntil, now } = current;
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

const PLACE_COLUMNS = 'target_id, `offset`, CAST(id AS CHAR) AS id, CAST(created_at AS CHAR) AS created_at';

/** Rows by so many ids. Without the hint a server that thinks the table small scans it. */
export function readRowsByIdStatement(idCount: number): string {
  return `SELECT ${PLACE_COLUMNS} FROM messages FORCE INDEX (PRIMARY) WHERE id IN (${placeholders(idCount)})`;
}

/**
 * Rows at so many places. MariaDB makes no ranges of `(a, b) IN ((…), …)` and scans; of this it makes one for each
 * place, in a time that grows with their square.
 */
export function readMarksStatement(placeCount: number): string {
  const places = Array.from({ length: placeCount }, () => '(target_id = ? AND `offset` = ?)').join(' OR ');
  return `SELECT ${PLACE_COLUMNS} FROM messages FORCE INDEX (messages_target_offset) WHERE ${places}`;
}

/** Places in one statement: found in 1 ms, where 2,048 of them took 140. */
const PLACES_PER_STATEMENT_MAX = 64;

/** A row's id, as every row has one that we wrote. A client that resumes may name anything. */
const ROW_ID = /^[1-9]\d{0,18}$/;

/**
 * Reads which rows stand at these places, in their order. A row that stands where it was seen is found by its id, the
 * cheapest way that there is; only the others are looked for at their places.
 */
export async function readRowMarks(
  session: Session,
  places: readonly LogPlace[],
): Promise<readonly (RowMark | undefined)[]> {
  const marks = new Map<string, RowMark | undefined>();
  const ids = places.map(({ mark }) => mark?.id ?? '').filter((id) => ROW_ID.test(id));
  for (const part of partsOf(ids, IN_LIST_MAX)) {
    const padded = padInList(part);
    addMarks(marks, await session.select<PlaceRow>(readRowsByIdStatement(padded.length), padded));
  }
  const unseen = places.filter((place) => !marks.has(keyOf(place)));
  for (const part of partsOf(unseen, PLACES_PER_STATEMENT_MAX)) {
    const values = part.flatMap(({ targetId, offset }) => [targetId, offset]);
    addMarks(marks, await session.select<PlaceRow>(readMarksStatement(part.length), values));
  }
  return places.map((place) => marks.get(keyOf(place)));
}

function addMarks(marks: Map<string, RowMark | undefined>, rows: readonly PlaceRow[]): void {
  for (const row of rows) marks.set(keyOf({ targetId: row.target_id, offset: row.offset }), markOf(row));
}

function keyOf({ targetId, offset }: LogPlace): string {
  return `${offset} ${targetId}`;
}

function markOf({ id, created_at: createdAt }: Pick<HeadRow, 'id' | 'created_at'>): RowMark | undefined {
  return id === null || createdAt === null ? undefined : { id, createdAt: isoFromDatabaseTime(createdAt) };
}

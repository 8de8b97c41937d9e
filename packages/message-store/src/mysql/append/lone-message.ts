import type { AppendRequest } from '../../message-store.ts';
import type { Session, SqlValue } from '../sessions/session.ts';
import { isReadOnly, isRowError, isSqlError, SQL_ERRORS } from '../sessions/sql-error.ts';
import { fenceOf } from './append-fence.ts';
import { type CounterState, LOG_STATE } from './counters.ts';

/** A message whose transaction does nothing else. */
export interface LoneMessage {
  readonly publisher: string;
  readonly targetId: string;
  readonly message: string;
}

/** The state after the message's counter was raised. The row is inserted unless the outbox has rows. */
export interface LoneAppend {
  readonly counters: CounterState;
  /** The id of the message's row; undefined if it was not inserted, because outbox rows come before it. */
  readonly id: string | undefined;
  /** The row, if it is committed and the transaction has ended. */
  readonly committed?: StoredLone;
}

/** A message that is stored. */
export interface StoredLone extends LoneMessage {
  readonly id: string;
  readonly offset: number;
  /** In the database's format. */
  readonly databaseTime: string;
  readonly epoch: string;
}

/** What finds out whether an append whose block was not answered is stored. */
export interface LoneTrace {
  /** Held as a lock by the session on which it was sent, for as long as that session lives. */
  readonly fence: string;
  readonly message: LoneMessage;
  readonly appendId: string;
}

/** A block that commits was sent, and its outcome is not known. The session has been destroyed. */
export class LoneUnknownError extends Error {
  readonly #trace: LoneTrace; // private, because logs show the fields of an error, and it has a message

  constructor(trace: LoneTrace, cause: unknown) {
    super('the block of an append was not answered', { cause });
    this.name = 'LoneUnknownError';
    this.#trace = trace;
  }

  get trace(): LoneTrace {
    return this.#trace;
  }
}

/**
 * Raises a counter, reads what an append needs to know, and inserts the row if no outbox rows come before it: in one
 * round trip, which MariaDB prepares as one statement. They are still separate statements: the SELECT takes no locks, so
 * it does not wait for applications that are publishing by SQL. `LAST_INSERT_ID(x)` carries the head from the first
 * statement to the second one. The answer is made last, so it arrives in one piece.
 */
const loneAppend = (end: string) => `BEGIN NOT ATOMIC
DECLARE new_head BIGINT; DECLARE current_epoch VARCHAR(64); DECLARE row_time VARCHAR(32); DECLARE waits INT;
INSERT INTO targets (target_id, head) VALUES (?, LAST_INSERT_ID(1))
ON DUPLICATE KEY UPDATE head = LAST_INSERT_ID(head + 1);
SELECT LAST_INSERT_ID(), ${LOG_STATE} INTO new_head, current_epoch, row_time, waits FROM log_epoch e;
IF waits = 0 THEN
  INSERT INTO messages (message, target_id, \`offset\`, created_at, append_id, publisher) VALUES (?, ?, new_head, row_time, ?, ?);
  ${end}
END IF;
SELECT CONCAT_WS(' ', new_head, waits, LAST_INSERT_ID(), row_time, current_epoch) AS facts;
END`;
const COMMITTING_BLOCK = loneAppend('COMMIT;');
/** For a session without a fence: COMMIT follows alone. */
const OPEN_BLOCK = loneAppend('');

/**
 * A session that was silent for longer may be dead without anybody knowing. So it is asked first, with a statement that
 * may be lost: then the append is sent on another session.
 */
const SILENT_MS_MAX = 1_000;

/** One text, because a driver takes longer for the description of five columns than for their values. */
interface LoneAppendRow {
  readonly facts: string;
}

/** Head, whether the outbox has rows, id, time, epoch. */
const FACTS = /^(\d+) ([01]) (\d+) (\S+ \S+) (.+)$/;

/** Returns the requests' message if there is exactly one and it has no idempotency key. */
export function loneMessageOf(requests: readonly AppendRequest[]): LoneMessage | undefined {
  const request = onlyOne(requests);
  const message = request === undefined ? undefined : onlyOne(request.messages);
  if (request === undefined || message === undefined || message.idempotencyKey !== undefined)
    return undefined;
  return { publisher: request.publisher, targetId: message.targetId, message: message.message };
}

/**
 * Returns undefined, with nothing done, if the server turns out not to accept such blocks. Rejects with a
 * LoneUnknownError if the message may be stored; after any other error it is not.
 */
export async function appendLoneMessage(
  session: Session,
  message: LoneMessage,
  appendId: string,
): Promise<LoneAppend | undefined> {
  const known = fenceOf(session);
  const fence = known instanceof Promise ? await known : known;
  if (fence === undefined || session.isLost) {
    const rows = await session.selectInBlock<LoneAppendRow>(OPEN_BLOCK, valuesOf(message, appendId));
    return rows && openAppend(message, rows[0]);
  }
  if (session.silentMs > SILENT_MS_MAX) await session.run('DO 1');
  try {
    const rows = await session.selectInBlock<LoneAppendRow>(COMMITTING_BLOCK, valuesOf(message, appendId));
    return rows && committedAppend(message, rows[0]);
  } catch (error) {
    if (isRefusedBeforeCommit(error)) throw error;
    session.destroy(error);
    throw new LoneUnknownError({ fence, message, appendId }, error);
  }
}

function valuesOf({ publisher, targetId, message }: LoneMessage, appendId: string): readonly SqlValue[] {
  return [targetId, message, targetId, appendId, publisher];
}

function openAppend({ targetId }: LoneMessage, row: LoneAppendRow | undefined): LoneAppend {
  const [, head, waits, id, databaseTime, epoch] = FACTS.exec(row?.facts ?? '') ?? [];
  if (databaseTime === undefined || epoch === undefined) throw new Error('the database has no epoch');
  const outboxHasRows = waits === '1';
  const counters = { heads: new Map([[targetId, Number(head)]]), epoch, databaseTime, outboxHasRows };
  return { counters, id: outboxHasRows ? undefined : id };
}

function committedAppend(message: LoneMessage, row: LoneAppendRow | undefined): LoneAppend {
  const append = openAppend(message, row);
  const { counters, id } = append;
  if (id === undefined) return append;
  const { publisher, targetId, message: text } = message;
  const { heads, epoch, databaseTime } = counters;
  const offset = heads.get(targetId) ?? NaN;
  const committed = { publisher, targetId, message: text, id, offset, databaseTime, epoch };
  return { counters, id, committed };
}

/** Errors that only a statement before the COMMIT returns. */
const EARLY_ERRORS: ReadonlySet<number> = new Set([
  SQL_ERRORS.lockWaitTimeout,
  SQL_ERRORS.deadlock,
  SQL_ERRORS.accessDenied,
  SQL_ERRORS.noSuchTable,
]);

/** False if the error may have come from the COMMIT, or after it. */
function isRefusedBeforeCommit(error: unknown): boolean {
  return isRowError(error) || isReadOnly(error) || (isSqlError(error) && EARLY_ERRORS.has(error.errno));
}

function onlyOne<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}

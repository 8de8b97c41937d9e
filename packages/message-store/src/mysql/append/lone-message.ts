import type { AppendRequest } from '../../message-store.ts';
import type { Session } from '../sessions/session.ts';
import { type CounterState, counterState, LOG_STATE, type LogStateRow } from './counters.ts';

/** A message whose transaction has nothing else to do. */
export interface LoneMessage {
  readonly publisher: string;
  readonly targetId: string;
  readonly message: string;
}

/** The counters' state after the message's own counter was raised; its row is there unless the outbox has rows. */
export interface LoneAppend {
  readonly counters: CounterState;
  /** Of the message's row; undefined if it was not inserted, as what is in the outbox comes before it. */
  readonly id: string | undefined;
}

/**
 * Raises a counter, reads what an append must know, and inserts the row if nothing in the outbox comes before it: three
 * statements in one round trip, which MariaDB takes as one prepared statement. Each of them is one by itself: the SELECT
 * reads without locks, and waits for no application that is just publishing by SQL.
 */
const LONE_APPEND = `BEGIN NOT ATOMIC
DECLARE new_head BIGINT; DECLARE current_epoch VARCHAR(64); DECLARE row_time VARCHAR(32); DECLARE waits INT;
INSERT INTO targets (target_id, head) VALUES (?, 1) ON DUPLICATE KEY UPDATE head = head + 1;
SELECT t.head, ${LOG_STATE} INTO new_head, current_epoch, row_time, waits
FROM targets t CROSS JOIN log_epoch e WHERE t.target_id = ?;
IF waits = 0 THEN
  INSERT INTO messages (message, target_id, \`offset\`, created_at, append_id, publisher) VALUES (?, ?, new_head, row_time, ?, ?);
END IF;
SELECT new_head AS head, current_epoch AS epoch, row_time AS now, waits AS outbox_has_rows, CAST(LAST_INSERT_ID() AS CHAR) AS id;
END`;

interface LoneAppendRow extends LogStateRow {
  readonly head: number;
  readonly id: string;
}

/** The only message of these requests, if it is one without an idempotency key. */
export function loneMessageOf(requests: readonly AppendRequest[]): LoneMessage | undefined {
  const request = onlyOne(requests);
  const message = request === undefined ? undefined : onlyOne(request.messages);
  if (request === undefined || message === undefined || message.idempotencyKey !== undefined)
    return undefined;
  return { publisher: request.publisher, targetId: message.targetId, message: message.message };
}

/** Undefined, with nothing done, if it turns out that the server takes no blocks. */
export async function appendLoneMessage(
  session: Session,
  { publisher, targetId, message }: LoneMessage,
  appendId: string,
): Promise<LoneAppend | undefined> {
  const values = [targetId, targetId, message, targetId, appendId, publisher];
  const rows = await session.selectInBlock<LoneAppendRow>(LONE_APPEND, values);
  if (rows === undefined) return undefined;
  const [row] = rows;
  const heads = new Map([[targetId, row?.head ?? NaN]]);
  const counters = counterState(heads, row);
  return { counters, id: counters.outboxHasRows ? undefined : row?.id };
}

function onlyOne<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}

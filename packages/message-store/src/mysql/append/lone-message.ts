import type { AppendRequest } from '../../message-store.ts';
import type { Session } from '../sessions/session.ts';
import { type CounterState, counterState, LOG_STATE, type LogStateRow } from './counters.ts';

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
}

/**
 * Raises a counter, reads what an append needs to know, and inserts the row if no outbox rows come before it: three
 * statements in one round trip, which MariaDB prepares as one. They are still separate statements: the SELECT takes no
 * locks, so it does not wait for applications that are publishing by SQL.
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

/** Returns the requests' message if there is exactly one and it has no idempotency key. */
export function loneMessageOf(requests: readonly AppendRequest[]): LoneMessage | undefined {
  const request = onlyOne(requests);
  const message = request === undefined ? undefined : onlyOne(request.messages);
  if (request === undefined || message === undefined || message.idempotencyKey !== undefined)
    return undefined;
  return { publisher: request.publisher, targetId: message.targetId, message: message.message };
}

/** Returns undefined, with nothing done, if the server turns out not to accept such blocks. */
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

import { takeFence } from './append-fence.ts';
import { onNewSession } from './commit-outcome.ts';
import type { LoneTrace, StoredLone } from './lone-message.ts';
import type { SessionOptions } from '../sessions/session.ts';

/** How long one statement waits for the fence of a session that has not ended yet. */
const FENCE_WAIT_SECONDS = 1;

/** Where the row is looked for: among so many of the last rows of its log. A commit of others may have come since. */
const ROWS_BACK_MAX = 10_000;

interface LoneRow {
  readonly id: string;
  readonly offset: number;
  readonly created_at: string;
  readonly epoch: string;
}

const FIND_ROW = `SELECT CAST(m.id AS CHAR) AS id, m.\`offset\`, m.created_at, e.epoch
FROM targets t JOIN messages m ON m.target_id = t.target_id AND m.\`offset\` > t.head - ${ROWS_BACK_MAX}
CROSS JOIN log_epoch e WHERE t.target_id = ? AND m.append_id = ?`;

/**
 * Finds out on a new connection whether a message is stored whose block was not answered. First it waits for the fence of
 * the old session: then that session has ended, and its transaction with it. Returns undefined if the message was not
 * found, which does not prove that it was not stored. Rejects if `signal` is aborted before the outcome is known.
 */
export function readLoneOutcome(
  options: SessionOptions,
  trace: LoneTrace,
  signal: AbortSignal,
): Promise<StoredLone | undefined> {
  return onNewSession(options, signal, async (session) => {
    while (!(await takeFence(session, trace.fence, FENCE_WAIT_SECONDS))) signal.throwIfAborted();
    const { message, appendId } = trace;
    const [row] = await session.select<LoneRow>(FIND_ROW, [message.targetId, appendId]);
    await session.run('ROLLBACK');
    if (row === undefined) return undefined;
    const { id, offset, created_at: databaseTime, epoch } = row;
    return { ...message, id, offset, databaseTime, epoch };
  });
}

import {
  leadingRowsToDelete,
  TRIMMED_ROWS_MAX,
  TRIMMED_TARGETS_MAX,
  type TrimQuery,
  type TrimStep,
} from '../log-trimmer.ts';
import type { SqliteStatements } from './sqlite-statements.ts';

/** One step of the retention rule, in one transaction. */
export function trimFile(statements: SqliteStatements, query: TrimQuery): TrimStep {
  statements.begin();
  try {
    const step = trimPage(statements, query);
    statements.commit();
    return step;
  } catch (error) {
    statements.rollback();
    throw error;
  }
}

function trimPage(statements: SqliteStatements, query: TrimQuery): TrimStep {
  const age = query.secondsMax === undefined ? null : `-${query.secondsMax} seconds`;
  const targets = statements.selectTargetPage(query.afterTargetId, TRIMMED_TARGETS_MAX);
  let deletedCount = 0;
  let done = query.afterTargetId;
  for (const [id, head] of targets) {
    if (deletedCount >= TRIMMED_ROWS_MAX) return { kind: 'trimmed', deletedCount, nextAfter: done };
    const targetId = String(id);
    const limit = TRIMMED_ROWS_MAX - deletedCount;
    const oldest = statements.selectOldest(age, targetId, limit).map(([rowId, offset, expired]) => ({
      id: String(rowId),
      offset: Number(offset),
      expired: expired === 1,
    }));
    const rows = leadingRowsToDelete(oldest, Number(head), query);
    const last = rows.at(-1);
    if (last !== undefined) statements.deleteUpTo(targetId, last.offset);
    deletedCount += rows.length;
    if (rows.length === limit) return { kind: 'trimmed', deletedCount, nextAfter: done };
    done = targetId;
  }
  const isLastPage = targets.length < TRIMMED_TARGETS_MAX;
  return { kind: 'trimmed', deletedCount, nextAfter: isLastPage ? undefined : done };
}

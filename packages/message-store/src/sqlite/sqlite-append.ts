import { countByTarget, keyOf, planAppend, planOutcomes } from '../rules/append-plan.ts';
import { RowRefusedError } from '../rules/bisect-append.ts';
import type { AppendOutcome, AppendRequest } from '../message-store.ts';
import type { StoredMessage } from '../stored-message.ts';
import type { SqliteStatements } from './sqlite-statements.ts';
import { storedMessageOf } from './sqlite-rows.ts';

/** Appends in one transaction, in one turn of the event loop. If it throws, nothing was stored. */
export function appendToFile(
  statements: SqliteStatements,
  requests: readonly AppendRequest[],
): readonly AppendOutcome[] {
  statements.begin(); // takes the file's only write lock: from here on nobody else changes a head
  try {
    const outcomes = appendLocked(statements, requests);
    statements.commit();
    return outcomes;
  } catch (error) {
    statements.rollback();
    throw isConstraintError(error) ? new RowRefusedError(error) : error;
  }
}

function appendLocked(
  statements: SqliteStatements,
  requests: readonly AppendRequest[],
): readonly AppendOutcome[] {
  const [epochRow] = statements.selectEpoch();
  const [epoch, createdAt] = epochRow ?? [];
  if (typeof epoch !== 'string' || typeof createdAt !== 'string') throw new Error('the file has no epoch');
  const heads = new Map(
    [...countByTarget(requests).keys()].map((targetId) => [
      targetId,
      Number(statements.selectTarget(targetId)[0]?.[0] ?? 0),
    ]),
  );
  const plan = planAppend({
    requests,
    headBefore: (targetId) => heads.get(targetId) ?? NaN,
    storedByKey: readStoredKeys(statements, requests),
  });
  for (const [targetId, rowCount] of plan.rowsByTarget) {
    if (rowCount > 0) statements.addToHead(targetId, rowCount);
  }
  const ids = plan.rows.map(({ message, targetId, offset, publisher, idempotencyKey }) => {
    const { lastInsertRowid } = statements.insertMessage(
      message,
      targetId,
      offset,
      createdAt,
      publisher,
      idempotencyKey ?? null,
    );
    return String(lastInsertRowid);
  });
  return planOutcomes(plan, { ids, createdAt, epoch });
}

function readStoredKeys(
  statements: SqliteStatements,
  requests: readonly AppendRequest[],
): ReadonlyMap<string, StoredMessage> {
  const stored = new Map<string, StoredMessage>();
  for (const { publisher, messages } of requests) {
    for (const { idempotencyKey } of messages) {
      if (idempotencyKey === undefined) continue;
      const [row] = statements.selectByKey(publisher, idempotencyKey);
      if (row !== undefined) stored.set(keyOf(publisher, idempotencyKey), storedMessageOf(row));
    }
  }
  return stored;
}

function isConstraintError(error: unknown): error is Error {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('SQLITE_CONSTRAINT')
  );
}

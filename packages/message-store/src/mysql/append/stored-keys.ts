import { partsOf } from '@postline/service-runtime';
import { keyOf } from '../../rules/append-plan.ts';
import type { AppendRequest } from '../../message-store.ts';
import type { StoredMessage } from '../../stored-message.ts';
import { isoFromDatabaseTime } from '../sessions/database-time.ts';
import type { Session } from '../sessions/session.ts';
import { IN_LIST_MAX, padInList, placeholders } from '../sessions/statement-shape.ts';

interface KeyRow {
  readonly idempotency_key: Buffer;
  readonly id: string;
  readonly target_id: string;
  readonly offset: number;
  readonly message: string;
  readonly created_at: string;
}

/**
 * Reads the messages that are stored under these requests' idempotency keys, by `keyOf`. It runs after the counters are
 * locked, so the same publish on another API has either committed or not begun. Without keys it runs no statement.
 */
export async function readStoredKeys(
  session: Session,
  requests: readonly AppendRequest[],
): Promise<ReadonlyMap<string, StoredMessage>> {
  const stored = new Map<string, StoredMessage>();
  for (const [publisher, keys] of keysByPublisher(requests)) {
    for (const part of partsOf([...keys], IN_LIST_MAX)) {
      const padded = padInList(part);
      const rows = await session.select<KeyRow>(
        `SELECT idempotency_key, CAST(id AS CHAR) AS id, target_id, \`offset\`, message, created_at FROM messages WHERE publisher = ? AND idempotency_key IN (${placeholders(padded.length)})`,
        [publisher, ...padded],
      );
      for (const row of rows) {
        stored.set(keyOf(publisher, row.idempotency_key.toString('latin1')), {
          id: row.id,
          targetId: row.target_id,
          offset: row.offset,
          message: row.message,
          createdAt: isoFromDatabaseTime(row.created_at),
        });
      }
    }
  }
  return stored;
}

function keysByPublisher(requests: readonly AppendRequest[]): ReadonlyMap<string, ReadonlySet<string>> {
  const byPublisher = new Map<string, Set<string>>();
  for (const { publisher, messages } of requests) {
    for (const { idempotencyKey } of messages) {
      if (idempotencyKey === undefined) continue;
      const keys = byPublisher.get(publisher) ?? new Set();
      byPublisher.set(publisher, keys.add(idempotencyKey));
    }
  }
  return byPublisher;
}

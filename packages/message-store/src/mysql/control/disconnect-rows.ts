import {
  type Disconnect,
  type DisconnectRequest,
  DISCONNECTS_PER_READ_MAX,
  type DisconnectsReading,
} from '../../disconnect-store.ts';
import { isoFromDatabaseTime } from '../sessions/database-time.ts';
import type { Session, SqlValue } from '../sessions/session.ts';
import { padInList, placeholders } from '../sessions/statement-shape.ts';

const SAVE_STATEMENT = `
INSERT INTO disconnects (client_id, position, tokens_refused_up_to)
SELECT ?, head, IF(?, CURRENT_TIMESTAMP(3), NULL) FROM disconnect_head WHERE singleton = 1
ON DUPLICATE KEY UPDATE position = VALUES(position),
  tokens_refused_up_to = GREATEST(COALESCE(tokens_refused_up_to, VALUES(tokens_refused_up_to)),
    COALESCE(VALUES(tokens_refused_up_to), tokens_refused_up_to))`;

/**
 * The next position: microseconds since 1970, and always higher than the last one. A simple counter would reuse
 * positions after a failover that lost the last disconnects, and relays that saw those would take a new disconnect for
 * an old one.
 */
const NEXT_POSITION_STATEMENT = `
UPDATE disconnect_head
SET head = GREATEST(head + 1, CAST(UNIX_TIMESTAMP(CURRENT_TIMESTAMP(6)) * 1000000 AS SIGNED)) WHERE singleton = 1`;

interface DisconnectRow {
  readonly head: number;
  readonly client_id: string | null;
  readonly position: number | null;
  readonly tokens_refused_up_to: string | null;
}

/**
 * Records a disconnect in one transaction, on a session without autocommit. The head's row stays locked until the
 * commit, so commits happen in the order of positions. After a failure the pool ends the session, which rolls the
 * transaction back.
 */
export async function saveDisconnect(session: Session, request: DisconnectRequest): Promise<Disconnect> {
  const { clientId, refuseTokens } = request;
  await session.change(NEXT_POSITION_STATEMENT, []);
  await session.change(SAVE_STATEMENT, [clientId, refuseTokens ? 1 : 0]);
  const { disconnects } = await readDisconnectRows(session, [clientId]);
  await session.run('COMMIT');
  const saved = disconnects.get(clientId);
  if (saved === undefined) throw new Error('the database has no head of disconnects');
  return saved;
}

/** Reads the disconnects of some clients, and the head, in one statement. */
export function readDisconnectRows(
  session: Session,
  clientIds: readonly string[],
): Promise<DisconnectsReading> {
  const ids = padInList(clientIds);
  const condition = ids.length === 0 ? 'FALSE' : `d.client_id IN (${placeholders(ids.length)})`;
  return readRows(session, condition, ids);
}

/** Reads the disconnects after a position, and the head, in one statement. */
export function readDisconnectRowsAfter(session: Session, position: number): Promise<DisconnectsReading> {
  return readRows(session, 'd.position > ?', [position]);
}

async function readRows(
  session: Session,
  condition: string,
  values: readonly SqlValue[],
): Promise<DisconnectsReading> {
  const rows = await session.select<DisconnectRow>(
    `SELECT h.head, d.client_id, d.position, d.tokens_refused_up_to FROM disconnect_head h
LEFT JOIN disconnects d ON ${condition} WHERE h.singleton = 1 ORDER BY d.position LIMIT ${DISCONNECTS_PER_READ_MAX}`,
    values,
  );
  const [first] = rows;
  if (first === undefined) throw new Error('the database has no head of disconnects');
  const disconnects = new Map<string, Disconnect>();
  for (const { client_id: clientId, position, tokens_refused_up_to: refusedUpTo } of rows) {
    if (clientId === null || position === null) continue;
    const tokensRefusedUpTo = refusedUpTo === null ? undefined : Date.parse(isoFromDatabaseTime(refusedUpTo));
    disconnects.set(clientId, { position, tokensRefusedUpTo });
  }
  return { head: first.head, disconnects };
}

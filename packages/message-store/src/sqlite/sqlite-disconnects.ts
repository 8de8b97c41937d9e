import {
  type Disconnect,
  type DisconnectRequest,
  DISCONNECTS_PER_READ_MAX,
  type DisconnectsReading,
} from '../disconnect-store.ts';
import type { SqliteStatements } from './sqlite-statements.ts';

/** Records a disconnect in one transaction, in one turn of the event loop. */
export function saveDisconnectToFile(
  statements: SqliteStatements,
  { clientId, refuseTokens }: DisconnectRequest,
): Disconnect {
  statements.begin();
  try {
    statements.addToDisconnectHead();
    statements.saveDisconnect(clientId, refuseTokens ? 1 : 0);
    const saved = readDisconnectsFromFile(statements, [clientId]).disconnects.get(clientId);
    if (saved === undefined) throw new Error('the file has no head of disconnects');
    statements.commit();
    return saved;
  } catch (error) {
    statements.rollback();
    throw error;
  }
}

export function readDisconnectsFromFile(
  statements: SqliteStatements,
  clientIds: readonly string[],
): DisconnectsReading {
  return readingOf(
    statements,
    clientIds.flatMap((clientId) => statements.selectDisconnect(clientId)),
  );
}

export function readDisconnectsAfterFromFile(
  statements: SqliteStatements,
  position: number,
): DisconnectsReading {
  return readingOf(statements, statements.selectDisconnectsAfter(position, DISCONNECTS_PER_READ_MAX));
}

/** Rows of `client_id, position, tokens_refused_up_to`. */
function readingOf(statements: SqliteStatements, rows: readonly (readonly unknown[])[]): DisconnectsReading {
  const disconnects = new Map(
    rows.map(([clientId, position, refusedUpTo]) => {
      const tokensRefusedUpTo = typeof refusedUpTo === 'string' ? Date.parse(refusedUpTo) : undefined;
      return [String(clientId), { position: Number(position), tokensRefusedUpTo }];
    }),
  );
  return { head: Number(statements.selectDisconnectHead()[0]?.[0] ?? 0), disconnects };
}

import { randomBytes } from 'node:crypto';
import type { Session } from '../sessions/session.ts';

/** For the rest of each target's id; two checks at once, of two APIs, must not wait for each other. */
const RANDOM_BYTES = 12;

/**
 * Makes, on a writer's session, the statements that an append makes, and takes them back: the server may be read-only,
 * the user may have lost a right. No other transaction ever waits for the row, because its id is nobody else's, and no
 * id of a message is used up, because no message is inserted: what may not be done is refused all the same.
 */
export async function checkWritable(session: Session): Promise<void> {
  const targetId = `write-check-${randomBytes(RANDOM_BYTES).toString('hex')}`;
  await session.run(`INSERT INTO targets (target_id, head) VALUES ('${targetId}', 0)`);
  await session.run(`UPDATE targets SET head = head + 1 WHERE target_id = '${targetId}'`);
  await session.run(
    `INSERT INTO messages (target_id, \`offset\`, message) SELECT target_id, head, '' FROM targets WHERE target_id = '${targetId}' AND 1 = 0`,
  );
  await session.run('ROLLBACK');
}

import { randomBytes } from 'node:crypto';
import type { Session } from '../sessions/session.ts';

/** Makes each target id unique, so that simultaneous checks of two APIs don't wait for each other. */
const RANDOM_BYTES = 12;

/**
 * Runs an append's statements on a writer's session and rolls them back: the server may be read-only, or the user may
 * have lost a right. The row's id is unique, so no other transaction waits for it. The INSERT selects no message and so
 * uses up no message id, but the server refuses it all the same if the right is missing.
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

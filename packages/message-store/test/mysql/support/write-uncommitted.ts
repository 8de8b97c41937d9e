import { type AppendWork, beginAppend, writeAppend } from '../../../src/mysql/append/write-append.ts';
import type { Session } from '../../../src/mysql/sessions/session.ts';

/** Everything of an append or a move except its COMMIT. Not for a message that is alone, which commits. */
export async function writeUncommitted(session: Session, work: AppendWork): Promise<void> {
  const begun = await beginAppend(session, work);
  if ('done' in begun) throw new Error('it is committed');
  await writeAppend(session, work, begun);
}

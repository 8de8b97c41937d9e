import type { Session } from '../sessions/session.ts';
import { isSqlError } from '../sessions/sql-error.ts';
import { newAppendId } from './append-id.ts';

/** By session: its fence; undefined if it can't have one. */
const fences = new WeakMap<Session, string | undefined>();

/**
 * The session's fence: a lock of the server that belongs to the session until it has ended, and that nobody else asks
 * for. Who gets the fence of a lost session knows that the session's last statement is over, even one that the server
 * began to run late. Made at the first call; from then on it is returned at once. Undefined if the server has no such locks: a Galera cluster has none that
 * hold on all its nodes.
 */
export function fenceOf(session: Session): string | undefined | Promise<string | undefined> {
  return fences.has(session) ? fences.get(session) : makeFence(session);
}

async function makeFence(session: Session): Promise<string | undefined> {
  const fence = session.facts.server.isGalera ? undefined : await takeNewFence(session);
  fences.set(session, fence);
  return fence;
}

async function takeNewFence(session: Session): Promise<string | undefined> {
  const fence = `postline-append-${newAppendId()}`;
  try {
    return (await takeFence(session, fence, 0)) ? fence : undefined;
  } catch (error) {
    if (isSqlError(error)) return undefined;
    throw error;
  }
}

/** Waits up to `seconds` for a fence; returns whether this session holds it now. */
export async function takeFence(session: Session, fence: string, seconds: number): Promise<boolean> {
  const [row] = await session.select<{ readonly taken: number | null }>('SELECT GET_LOCK(?, ?) AS taken', [
    fence,
    seconds,
  ]);
  return row?.taken === 1;
}

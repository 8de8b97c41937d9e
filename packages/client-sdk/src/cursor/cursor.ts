import { hasFields, isJsonObject, isOffset } from '../json-value.ts';

/** Targets in one cursor: the client's own, and the 1,000 groups that a connection may follow. */
export const TARGETS_MAX = 1_001;

/** Identifies the message at an offset: after a failover another message may have the same offset. */
export interface CursorMark {
  readonly id: string;
  readonly createdAt: string;
}

/** The position of a reader: the last offset that it has handled of each target, and the epoch of those offsets. */
export interface Cursor {
  readonly epoch: string;
  readonly offsets: Readonly<Record<string, number>>;
  /** The message at each of these offsets, where it is known. A store may leave it out. */
  readonly at?: Readonly<Record<string, CursorMark | undefined>> | undefined;
}

/** A position in one target. */
export interface TargetCursor {
  readonly epoch: string;
  /** The last offset that was handled. */
  readonly offset: number;
  /** The message at that offset, if it is known. */
  readonly at?: CursorMark | undefined;
}

export function markOf({ id, createdAt }: CursorMark): CursorMark {
  return { id, createdAt };
}

/** Checks a loaded value: a store may hold anything. */
export function isCursor(value: unknown): value is Cursor {
  if (!hasFields(value, 'epoch')) return false;
  const { offsets } = value;
  return isJsonObject(offsets) && Object.values(offsets).every(isOffset);
}

/** The owner of a cursor: one client at one relay. */
export interface CursorOwner {
  readonly clientId: string;
  /** The relay's address, as `ws:` or `wss:`. */
  readonly relayUrl: string;
}

/**
 * Keeps a client's cursor between runs. An application that stores the cursor in one transaction with the effect of a
 * message does so in its handler, and passes a store that only loads.
 */
export interface CursorStore {
  /** Called before the first connection. `undefined`: this client has no cursor yet. */
  load(owner: CursorOwner): Cursor | undefined | Promise<Cursor | undefined>;
  /** Called where the stream starts, and after every handled message. The next message waits for it. */
  save?(cursor: Cursor, owner: CursorOwner): void | Promise<void>;
}

import { hasOffsets, hasTexts, isJsonObject } from '../json-value.ts';

/** Which message stands at an offset: after a failover the same offset can be another message's. */
export interface CursorMark {
  readonly id: string;
  readonly createdAt: string;
}

/** Where a reader is: the last offset that it has handled of each target, and the epoch it read them in. */
export interface Cursor {
  readonly epoch: string;
  readonly offsets: Readonly<Record<string, number>>;
  /** Of each target the message at that offset, where it is known. A store that leaves it out works without. */
  readonly at?: Readonly<Record<string, CursorMark | undefined>> | undefined;
}

export function markOf({ id, createdAt }: CursorMark): CursorMark {
  return { id, createdAt };
}

/** False for what only looks like one: a store may hold anything. */
export function isCursor(value: unknown): value is Cursor {
  if (!isJsonObject(value) || !hasTexts(value, 'epoch')) return false;
  const { offsets } = value;
  return isJsonObject(offsets) && hasOffsets(offsets, ...Object.keys(offsets));
}

/** Whose cursor it is: one client at one relay. */
export interface CursorOwner {
  readonly clientId: string;
  /** The relay's address, as `ws:` or `wss:`. */
  readonly relayUrl: string;
}

/**
 * Keeps a client's cursor from one run to the next. An application that stores its cursor together with the effect
 * of a message does so in its handler, and gives a store that only loads.
 */
export interface CursorStore {
  /** Asked before the first connection. `undefined`: this client has no cursor yet. */
  load(owner: CursorOwner): Cursor | undefined | Promise<Cursor | undefined>;
  /** Called after every message that was handled, and where the stream starts. The next message waits for it. */
  save?(cursor: Cursor, owner: CursorOwner): void | Promise<void>;
}

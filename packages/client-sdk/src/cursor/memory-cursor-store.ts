import type { Cursor, CursorOwner, CursorStore } from './cursor.ts';

/** Keeps cursors for as long as it lives itself: several clients one after the other may share it. */
export function memoryCursorStore(): CursorStore {
  const cursors = new Map<string, Cursor>();
  const nameOf = ({ relayUrl, clientId }: CursorOwner) => JSON.stringify([relayUrl, clientId]);
  return {
    load: (owner) => cursors.get(nameOf(owner)),
    save: (cursor, owner) => {
      cursors.set(nameOf(owner), cursor);
    },
  };
}

import { type Cursor, type CursorOwner, type CursorStore, isCursor } from './cursor.ts';
import { isJsonObject, type JsonObject, parseJson } from '../json-value.ts';

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

/** Cursors kept for one page's origin: more clients than share one browser. The longest unused ones are dropped. */
const CURSORS_MAX = 20;

const STORAGE_KEY = 'postline';

export interface LocalStorageCursorStoreOptions {
  /** Keeps two clients with the same id apart that live in one page. */
  readonly name?: string;
}

/**
 * Keeps a page's cursors in the browser. Each tab has its own in `sessionStorage`, so a reload goes on where that tab
 * stopped, and a tab that is duplicated takes a copy along. The furthest one of all tabs is in `localStorage`: a new
 * tab, or the browser after a restart, goes on from there. Where the browser keeps nothing, the cursor lives as long
 * as the page.
 */
export function localStorageCursorStore({ name = '' }: LocalStorageCursorStoreOptions = {}): CursorStore {
  const keyOf = ({ relayUrl, clientId }: CursorOwner) => JSON.stringify([relayUrl, clientId, name]);
  return {
    load(owner) {
      const key = keyOf(owner);
      return quietly(() => read(sessionStorage, key)) ?? quietly(() => read(localStorage, key));
    },
    save(cursor, owner) {
      const key = keyOf(owner);
      quietly(() => write(sessionStorage, key, cursor));
      quietly(() => write(localStorage, key, furthestOf(cursor, read(localStorage, key))));
    },
  };
}

/** Of each target the offset that any tab has got to; another epoch than the one kept is a newer one. */
function furthestOf(cursor: Cursor, kept: Cursor | undefined): Cursor {
  if (kept?.epoch !== cursor.epoch) return cursor;
  const offsets = { ...cursor.offsets };
  const at = { ...cursor.at };
  for (const [targetId, offset] of Object.entries(kept.offsets)) {
    if (offset <= (offsets[targetId] ?? -1)) continue;
    offsets[targetId] = offset;
    at[targetId] = kept.at?.[targetId];
  }
  return { epoch: cursor.epoch, offsets, at };
}

/** `undefined` where there is none, or what is there is none: anything on the page's origin may write there. */
function read(storage: Storage, key: string): Cursor | undefined {
  const cursor = readAll(storage)[key];
  return isCursor(cursor) ? cursor : undefined;
}

/** The one that was used last comes first. */
function write(storage: Storage, key: string, cursor: Cursor): void {
  const others = Object.entries(readAll(storage)).filter(([other]) => other !== key);
  const kept = others.slice(0, CURSORS_MAX - 1);
  storage.setItem(STORAGE_KEY, JSON.stringify(Object.fromEntries([[key, cursor], ...kept])));
}

function readAll(storage: Storage): JsonObject {
  const value = parseJson(storage.getItem(STORAGE_KEY) ?? '');
  return isJsonObject(value) ? value : {};
}

/** A browser may refuse its storage altogether, or have no room left; a worker and React Native have none. */
function quietly<Value>(use: () => Value): Value | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}

import type { Cursor, CursorOwner, CursorStore } from './cursor.ts';
import { hasOffsets, hasTexts, isJsonObject, parseJson } from './json-value.ts';

/** Cursors kept for one page's origin: more clients than share one browser. The longest unused ones are dropped. */
const CURSORS_MAX = 20;

const PREFIX = 'postline:';

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
  const keyOf = ({ relayUrl, clientId }: CursorOwner) =>
    `${PREFIX}${JSON.stringify([relayUrl, clientId, name])}`;
  return {
    load(owner) {
      const key = keyOf(owner);
      return quietly(() => read(sessionStorage, key) ?? read(localStorage, key));
    },
    save(cursor, owner) {
      const key = keyOf(owner);
      quietly(() => {
        sessionStorage.setItem(key, encode(cursor));
        const furthest = furthestOf(cursor, read(localStorage, key));
        if (localStorage.getItem(key) === null) dropOldest(localStorage);
        localStorage.setItem(key, encode(furthest));
      });
    },
  };
}

/** Of each target the offset that any tab has got to; another epoch than the one kept is a newer one. */
function furthestOf(cursor: Cursor, kept: Cursor | undefined): Cursor {
  if (kept?.epoch !== cursor.epoch) return cursor;
  const offsets = { ...kept.offsets };
  for (const [targetId, offset] of Object.entries(cursor.offsets))
    offsets[targetId] = Math.max(offset, offsets[targetId] ?? 0);
  return { epoch: cursor.epoch, offsets };
}

function encode({ epoch, offsets }: Cursor): string {
  return JSON.stringify({ epoch, offsets, at: Date.now() });
}

/** `undefined` where there is none, or what is there is none: anything on the page's origin may write there. */
function read(storage: Storage, key: string): Cursor | undefined {
  const value = parseJson(storage.getItem(key) ?? '');
  if (!isJsonObject(value) || !hasTexts(value, 'epoch')) return undefined;
  const { epoch, offsets } = value;
  if (!isJsonObject(offsets) || !hasOffsets(offsets, ...Object.keys(offsets))) return undefined;
  return { epoch, offsets };
}

/** Makes room for one more. */
function dropOldest(storage: Storage): void {
  const keys = Object.keys(storage).filter((key) => key.startsWith(PREFIX));
  keys.sort((a, b) => usedAt(storage, b) - usedAt(storage, a));
  for (const key of keys.slice(CURSORS_MAX - 1)) storage.removeItem(key);
}

/** Milliseconds since 1970; 0 for what is no cursor. */
function usedAt(storage: Storage, key: string): number {
  const value = parseJson(storage.getItem(key) ?? '');
  return isJsonObject(value) && typeof value['at'] === 'number' ? value['at'] : 0;
}

/** A browser may refuse its storage altogether, or have no room left. */
function quietly<Value>(use: () => Value): Value | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}

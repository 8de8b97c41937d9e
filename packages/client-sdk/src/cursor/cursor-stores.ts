import { type Cursor, type CursorOwner, type CursorStore, isCursor, TARGETS_MAX } from './cursor.ts';
import { isJsonObject, type JsonObject, parseJson } from '../json-value.ts';
import { checkOptions } from '../option-checks.ts';

/** Keeps cursors in memory. Clients that follow one another in one process may share it. */
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

/** Cursors kept for one origin: more clients than share a browser. The least recently used one is dropped. */
const CURSORS_MAX = 20;

const STORAGE_KEY = 'postline';

export interface LocalStorageCursorStoreOptions {
  /** Tells two clients with the same id in one page apart. */
  readonly name?: string;
}

/**
 * Keeps a page's cursors in the browser. Each tab has its own in `sessionStorage`: a reload continues where that tab
 * stopped, and a duplicated tab starts with a copy. `localStorage` has the furthest one of all tabs: a new tab, or the
 * restarted browser, continues from there. If the browser stores nothing, the cursor lives as long as the page.
 */
export function localStorageCursorStore(options: LocalStorageCursorStoreOptions = {}): CursorStore {
  // <not in the script>
  checkOptions<LocalStorageCursorStoreOptions>({ name: (value) => typeof value === 'string' }, options);
  // </not in the script>
  const keyOf = ({ relayUrl, clientId }: CursorOwner) =>
    JSON.stringify([relayUrl, clientId, options.name ?? '']);
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

/** The greatest offset of each target that any tab has reached. A new epoch replaces the stored one. */
function furthestOf(cursor: Cursor, kept: Cursor | undefined): Cursor {
  if (kept?.epoch !== cursor.epoch) return cursor;
  const offsets = { ...cursor.offsets };
  const at = { ...cursor.at };
  let count = Object.keys(offsets).length;
  for (const [targetId, offset] of Object.entries(kept.offsets)) {
    const other = offsets[targetId];
    if (other === undefined ? (count += 1) > TARGETS_MAX : offset <= other) continue;
    offsets[targetId] = offset;
    at[targetId] = kept.at?.[targetId];
  }
  return { epoch: cursor.epoch, offsets, at };
}

/** `undefined` if there is no valid cursor: every script of the origin may write here. */
function read(storage: Storage, key: string): Cursor | undefined {
  const cursor = readAll(storage)[key];
  return isCursor(cursor) ? cursor : undefined;
}

/** Most recently used first. */
function write(storage: Storage, key: string, cursor: Cursor): void {
  const others = Object.entries(readAll(storage)).filter(([other]) => other !== key);
  const kept = others.slice(0, CURSORS_MAX - 1);
  storage.setItem(STORAGE_KEY, JSON.stringify(Object.fromEntries([[key, cursor], ...kept])));
}

function readAll(storage: Storage): JsonObject {
  const value = parseJson(storage.getItem(STORAGE_KEY) ?? '');
  return isJsonObject(value) ? value : {};
}

/** Browsers may refuse access or be out of space; workers and React Native have no storage. */
function quietly<Value>(use: () => Value): Value | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}

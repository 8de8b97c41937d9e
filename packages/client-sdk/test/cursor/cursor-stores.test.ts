import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { localStorageCursorStore } from '../../src/cursor/cursor-stores.ts';

const OWNER = { clientId: '1', relayUrl: 'ws://relay/' };

function storage(entries: Iterable<readonly [string, string]> = []): Pick<Storage, 'getItem' | 'setItem'> {
  const items = new Map(entries);
  return { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => void items.set(key, value) };
}

function cursor(offset: number, epoch = 'e1') {
  return { epoch, offsets: { '1': offset } };
}

describe('localStorageCursorStore', () => {
  beforeEach(() => {
    vi.stubGlobal('localStorage', storage());
    inNewTab();
  });

  afterEach(() => vi.unstubAllGlobals());

  function inNewTab(): void {
    vi.stubGlobal('sessionStorage', storage());
  }

  it('[SDK-11] a reload continues where that tab stopped, whatever other tabs did', () => {
    void localStorageCursorStore().save?.(cursor(3), OWNER);
    const own = sessionStorage;
    inNewTab();
    void localStorageCursorStore().save?.(cursor(9), OWNER);
    vi.stubGlobal('sessionStorage', own);
    expect(localStorageCursorStore().load(OWNER)).toEqual(cursor(3));
  });

  it('[SDK-11] a new tab continues after the furthest offset that any tab has handled', () => {
    void localStorageCursorStore().save?.(cursor(9), OWNER);
    inNewTab();
    void localStorageCursorStore().save?.(cursor(3), OWNER);
    inNewTab();
    expect(localStorageCursorStore().load(OWNER)).toMatchObject(cursor(9));
  });

  it('[SDK-19] keeps the mark of each offset, even if tabs differ', () => {
    const at = (offset: number) => ({ '1': { id: `id-${offset}`, createdAt: 'then' } });
    void localStorageCursorStore().save?.({ ...cursor(9), at: at(9) }, OWNER);
    inNewTab();
    void localStorageCursorStore().save?.({ ...cursor(3), at: at(3) }, OWNER);
    expect(localStorageCursorStore().load(OWNER)).toEqual({ ...cursor(3), at: at(3) });
    inNewTab();
    expect(localStorageCursorStore().load(OWNER)).toEqual({ ...cursor(9), at: at(9) });
    void localStorageCursorStore().save?.({ ...cursor(12), at: at(12) }, OWNER);
    inNewTab();
    expect(localStorageCursorStore().load(OWNER)).toEqual({ ...cursor(12), at: at(12) });
  });

  it('[SDK-19] a stored cursor without marks is valid, and its offset gets no mark of another one', () => {
    const old = '{"[\\"ws://relay/\\",\\"1\\",\\"\\"]":{"epoch":"e1","offsets":{"1":9}}}';
    vi.stubGlobal('localStorage', storage([['postline', old]]));
    expect(localStorageCursorStore().load(OWNER)).toEqual(cursor(9));
    const at = { '1': { id: 'id-3', createdAt: 'then' } };
    void localStorageCursorStore().save?.({ ...cursor(3), at }, OWNER);
    inNewTab();
    expect(localStorageCursorStore().load(OWNER)).toEqual({ ...cursor(9), at: {} });
  });

  it('[SDK-11] a new epoch replaces the stored one', () => {
    void localStorageCursorStore().save?.(cursor(9), OWNER);
    void localStorageCursorStore().save?.(cursor(2, 'e2'), OWNER);
    inNewTab();
    expect(localStorageCursorStore().load(OWNER)).toEqual(cursor(2, 'e2'));
  });

  it('[SDK-11] keeps clients, relays and names apart', () => {
    void localStorageCursorStore().save?.(cursor(9), OWNER);
    expect(localStorageCursorStore().load({ ...OWNER, clientId: '2' })).toBeUndefined();
    expect(localStorageCursorStore().load({ ...OWNER, relayUrl: 'ws://other/' })).toBeUndefined();
    expect(localStorageCursorStore({ name: 'b' }).load(OWNER)).toBeUndefined();
  });

  it('[SDK-11] keeps 20 clients, and drops the least recently used', () => {
    const store = localStorageCursorStore();
    const owners = Array.from({ length: 21 }, (_, index) => ({ ...OWNER, clientId: `c${index}` }));
    for (const owner of owners.slice(0, 20)) void store.save?.(cursor(1), owner);
    void store.save?.(cursor(2), owners[0]!);
    void store.save?.(cursor(1), owners[20]!);
    inNewTab();
    const kept = owners.filter((owner) => store.load(owner) !== undefined);
    expect(kept.map(({ clientId }) => clientId)).toEqual([
      'c0',
      ...owners.slice(2).map(({ clientId }) => clientId),
    ]);
  });

  it('[SDK-11] ignores stored values that are not cursors, and works without a storage', () => {
    for (const text of [
      '',
      '[]',
      '{"[\\"ws://relay/\\",\\"1\\",\\"\\"]":{"epoch":"e","offsets":{"1":-1}}}',
    ]) {
      vi.stubGlobal('localStorage', storage([['postline', text]]));
      expect(localStorageCursorStore().load(OWNER)).toBeUndefined();
    }
    vi.stubGlobal('localStorage', undefined);
    void localStorageCursorStore().save?.(cursor(1), OWNER);
    inNewTab();
    expect(localStorageCursorStore().load(OWNER)).toBeUndefined();
  });
});

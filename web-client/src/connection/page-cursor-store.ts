import { type CursorStore, localStorageCursorStore, memoryCursorStore } from '@postline/client';

/**
 * Where this page keeps its cursors: in the browser's storage, so that a reload goes on where the tab stopped. A browser
 * may refuse that (for a page from disk, say); then they last as long as the page.
 */
export function pageCursorStore(): Required<CursorStore> {
  const page = memoryCursorStore();
  const browser = localStorageCursorStore();
  return {
    load: async (owner) => (await page.load(owner)) ?? (await browser.load(owner)),
    save: async (cursor, owner) => {
      await page.save?.(cursor, owner);
      await browser.save?.(cursor, owner);
    },
  };
}

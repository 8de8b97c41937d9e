/**
 * The classic script with the global `Postline`. It has no publisher, because a publisher's key must not be in a page.
 */
import { localStorageCursorStore } from './cursor/cursor-stores.ts';
import { PostlineClient } from './index.ts';
import { PostlineError } from './postline-error.ts';

Object.assign(globalThis, {
  Postline: { PostlineClient, PostlineError, localStorageCursorStore },
});

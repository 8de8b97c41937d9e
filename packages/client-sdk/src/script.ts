/** The classic script: the global `Postline`. A publisher's key has no place in a page; memory is the default. */
import { localStorageCursorStore } from './cursor/cursor-stores.ts';
import { PostlineClient } from './index.ts';
import { PostlineError } from './postline-error.ts';

Object.assign(globalThis, {
  Postline: { PostlineClient, PostlineError, localStorageCursorStore },
});

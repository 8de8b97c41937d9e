/** The classic script: the global `Postline`. A publisher's key has no place in a page; memory is the default. */
import { localStorageCursorStore } from './cursor/local-storage-cursor-store.ts';
import { PostlineClient } from './postline-client.ts';
import { PostlineError } from './postline-error.ts';

Object.assign(globalThis, {
  Postline: { PostlineClient, PostlineError, localStorageCursorStore },
});

/** The classic script: the global `Postline` is what is exported here. A publisher's key has no place in a page. */
export { localStorageCursorStore } from './local-storage-cursor-store.ts';
export { memoryCursorStore } from './memory-cursor-store.ts';
export { PostlineClient } from './postline-client.ts';
export { PostlineError } from './postline-error.ts';

export { beginSqliteEpoch, type BeginSqliteEpochOptions } from './begin-epoch.ts';
export { type FolderHolder, FolderInUseError, type FolderLock, lockFolder } from './folder-lock.ts';
export { createSqliteMessageStore, type SqliteMessageStoreOptions } from './sqlite-message-store.ts';

/** The name of the database file in DATA_DIR. */
export const DATABASE_FILE = 'postline.sqlite';

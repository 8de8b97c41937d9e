export { beginSqliteEpoch, type BeginSqliteEpochOptions } from './begin-epoch.ts';
export { createSqliteMessageStore, type SqliteMessageStoreOptions } from './sqlite-message-store.ts';

/** What the database file is called within the folder that DATA_DIR names. */
export const DATABASE_FILE = 'postline.sqlite';

export { createSqliteMessageStore, type SqliteMessageStoreOptions } from './sqlite-message-store.ts';

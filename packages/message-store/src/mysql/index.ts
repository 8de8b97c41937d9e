export { beginMysqlEpoch, type BeginMysqlEpochOptions } from './begin-epoch.ts';
export { migrate, type MigrateOptions, type MigrateResult, type MigrationEvent } from './migrate.ts';
export { createMysqlMessageStore, type MysqlMessageStoreOptions } from './mysql-message-store.ts';
export { SchemaVersionError } from './schema-version.ts';

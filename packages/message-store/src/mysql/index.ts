export { beginMysqlEpoch, type BeginMysqlEpochOptions } from './upkeep/begin-epoch.ts';
export { migrate, type MigrateOptions, type MigrateResult, type MigrationEvent } from './schema/migrate.ts';
export { createMysqlMessageStore, type MysqlMessageStoreOptions } from './mysql-message-store.ts';
export { SchemaVersionError } from './sessions/schema-version-error.ts';

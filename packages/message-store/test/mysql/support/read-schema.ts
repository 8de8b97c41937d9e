import type { Connection } from 'mysql2/promise';
import { rowsOf } from './migrated-database.ts';

/** Everything that a schema consists of, in an order of its own. */
export async function readSchema(connection: Connection) {
  return {
    tables: await rowsOf(
      connection,
      `SELECT table_name AS t, engine, table_collation, table_type FROM information_schema.tables
       WHERE table_schema = DATABASE() ORDER BY table_name`,
    ),
    columns: await rowsOf(
      connection,
      `SELECT table_name AS t, column_name AS c, ordinal_position AS position, column_type AS type, is_nullable,
         column_default, character_set_name, collation_name, extra
       FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position`,
    ),
    indexes: await rowsOf(
      connection,
      `SELECT table_name AS t, index_name AS i, seq_in_index AS position, column_name AS c, non_unique, sub_part
       FROM information_schema.statistics WHERE table_schema = DATABASE()
       ORDER BY table_name, index_name, seq_in_index`,
    ),
    checks: await rowsOf(
      connection,
      `SELECT constraint_name AS name, check_clause FROM information_schema.check_constraints
       WHERE constraint_schema = DATABASE() ORDER BY constraint_name`,
    ),
    routines: await rowsOf(
      connection,
      `SELECT routine_name AS r, routine_type, routine_definition, sql_mode AS mode, security_type AS security, sql_data_access, definer, routine_comment,
         character_set_client, collation_connection
       FROM information_schema.routines WHERE routine_schema = DATABASE() ORDER BY routine_name`,
    ),
    parameters: await rowsOf(
      connection,
      `SELECT specific_name AS r, ordinal_position AS position, parameter_mode, parameter_name, dtd_identifier,
         character_set_name, collation_name
       FROM information_schema.parameters WHERE specific_schema = DATABASE()
       ORDER BY specific_name, ordinal_position`,
    ),
    migrations: await rowsOf(
      connection,
      'SELECT version, name, compatible FROM schema_migrations ORDER BY version',
    ),
  };
}

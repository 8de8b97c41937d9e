type SchemaFault =
  /** The schema is too old. An API will migrate it. */
  | 'schema_version'
  /** The schema is too new for this program, and waiting does not help. */
  | 'schema_too_new';

/** This program can't work with the database's schema. */
export class SchemaVersionError extends Error {
  readonly code: SchemaFault;

  constructor(code: SchemaFault, what: string) {
    super(what);
    this.name = 'SchemaVersionError';
    this.code = code;
  }
}

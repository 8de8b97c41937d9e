type SchemaFault =
  /** An API will migrate it. */
  | 'schema_version'
  /** This program is too old for it, and stays so. */
  | 'schema_too_new';

/** The database's schema is not one that this program can work with. */
export class SchemaVersionError extends Error {
  readonly code: SchemaFault;

  constructor(code: SchemaFault, what: string) {
    super(what);
    this.name = 'SchemaVersionError';
    this.code = code;
  }
}

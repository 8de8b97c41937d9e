import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One statement of a migration. It is safe to run it again. */
export interface MigrationStatement {
  readonly sql: string;
  /** Server errors that mean an earlier attempt has already done this. */
  readonly alreadyDoneErrnos: ReadonlySet<number>;
}

export interface Migration {
  readonly version: number;
  readonly name: string;
  /** True if services of the previous release keep working with the migrated schema. */
  readonly isCompatible: boolean;
  readonly statements: readonly MigrationStatement[];
}

const FILE_NAME = /^(\d{4})-([a-z0-9-]+)\.sql$/;

/** A separate line between two statements. A semicolon would not do, because procedure bodies contain semicolons. */
const SEPARATOR = /^-- next *$/m;

/** A separate line within a statement, e.g. `-- already done: 1060 1061`. */
const ALREADY_DONE = /^-- already done:([ \d]+)$/m;

/** A separate line in each file. CONTRIBUTING explains when it may be true. */
const COMPATIBLE = /^-- compatible: (true|false)$/gm;

/** Reads the `NNNN-name.sql` files. They must be numbered 1, 2, 3, … without gaps, and marked as compatible or not. */
export async function readMigrations(folder: URL | string): Promise<readonly Migration[]> {
  const path = folderPath(folder);
  const fileNames = (await readdir(path)).filter((fileName) => fileName.endsWith('.sql')).sort();
  return Promise.all(
    fileNames.map(async (fileName, index) => {
      const [, digits, name] = FILE_NAME.exec(fileName) ?? [];
      if (digits === undefined || name === undefined || Number(digits) !== index + 1) {
        throw new Error(`${fileName} in ${path} should be number ${index + 1}, named like 0001-name.sql`);
      }
      const text = await readFile(join(path, fileName), 'utf8');
      const marks = [...text.matchAll(COMPATIBLE)];
      if (marks.length !== 1) {
        throw new Error(
          `${fileName} in ${path} needs one line "-- compatible: true" or "-- compatible: false"`,
        );
      }
      return {
        version: index + 1,
        name,
        isCompatible: marks[0]?.[1] === 'true',
        statements: parseStatements(text),
      };
    }),
  );
}

export function folderPath(folder: URL | string): string {
  return typeof folder === 'string' ? folder : fileURLToPath(folder);
}

/** Splits a migration's text into its statements. */
export function parseStatements(text: string): readonly MigrationStatement[] {
  return text
    .split(SEPARATOR)
    .map((part) => ({ sql: withoutEnd(part), alreadyDoneErrnos: alreadyDoneErrnos(part) }))
    .filter(({ sql }) => sql.replace(/^--.*$/gm, '').trim() !== '');
}

function withoutEnd(part: string): string {
  return part.trim().replace(/;$/, '');
}

function alreadyDoneErrnos(part: string): ReadonlySet<number> {
  const [, numbers = ''] = ALREADY_DONE.exec(part) ?? [];
  return new Set(numbers.trim().split(/ +/).filter(Boolean).map(Number));
}

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One statement of a migration. It can be run again after it has been run. */
export interface MigrationStatement {
  readonly sql: string;
  /** Server errors that only mean: an earlier start has already done this. */
  readonly alreadyDoneErrnos: ReadonlySet<number>;
}

export interface Migration {
  readonly version: number;
  readonly name: string;
  /** Services of the release before go on beside it. */
  readonly isCompatible: boolean;
  readonly statements: readonly MigrationStatement[];
}

const FILE_NAME = /^(\d{4})-([a-z0-9-]+)\.sql$/;

/** A line of its own between two statements; a semicolon would also be found inside of a procedure's body. */
const SEPARATOR = /^-- next *$/m;

/** A line of its own within a statement, e.g. `-- already done: 1060 1061`. */
const ALREADY_DONE = /^-- already done:([ \d]+)$/m;

/** A line of its own in each file; CONTRIBUTING says when it may be true. */
const COMPATIBLE = /^-- compatible: (true|false)$/gm;

/** Reads `NNNN-name.sql` files, which must be numbered 1, 2, 3, … without a hole, and marked. */
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

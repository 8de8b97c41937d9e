import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTempFolder } from '@postline/test-support';
import { expect, it } from 'vitest';
import { parseStatements, readMigrations } from '../../../src/mysql/schema/migration-files.ts';
import { SCHEMA_VERSION } from '../../../src/mysql/schema/schema-version.ts';
import { MIGRATIONS } from '../support/migrated-database.ts';

it('the program needs exactly the schema that its migrations lead to', async () => {
  expect(await readMigrations(MIGRATIONS)).toHaveLength(SCHEMA_VERSION);
});

it('separates statements by lines of their own, so that a procedure’s body may have semicolons', () => {
  const statements = parseStatements(`-- a reason
-- already done: 1060 1061
ALTER TABLE t ADD COLUMN c INT;
-- next
CREATE PROCEDURE p()
BEGIN
  SELECT 1;
  SELECT '-- next';
END;
-- next
-- nothing but a remark
`);
  expect(statements).toHaveLength(2);
  expect([...statements[0]!.alreadyDoneErrnos]).toEqual([1060, 1061]);
  expect(statements[0]!.sql).toMatch(/ADD COLUMN c INT$/);
  expect(statements[1]!.sql).toMatch(/SELECT '-- next';\nEND$/);
  expect(statements[1]!.alreadyDoneErrnos.size).toBe(0);
});

it('[SCH-8] refuses a migration without a mark, and one with two', async () => {
  for (const marks of ['', '-- compatible: perhaps\n', '-- compatible: true\n-- compatible: false\n']) {
    const folder = await makeTempFolder('migrations');
    await writeFile(join(folder.path, '0001-first.sql'), `${marks}SELECT 1;`);
    await expect(readMigrations(folder.path)).rejects.toThrow('0001-first.sql');
    await folder.remove();
  }
  const marked = (await readMigrations(MIGRATIONS)).filter(({ isCompatible }) => !isCompatible);
  expect(marked.map(({ name }) => name)).toEqual(['target-logs']);
});

it('refuses a hole in the numbers, and names that are none', async () => {
  for (const fileName of ['0002-second.sql', '1-first.sql', '0001_first.sql']) {
    const folder = await makeTempFolder('migrations');
    await writeFile(join(folder.path, fileName), 'SELECT 1;');
    await expect(readMigrations(folder.path)).rejects.toThrow(fileName);
    await folder.remove();
  }
});

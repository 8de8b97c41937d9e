import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TempFolder } from '@postline/test-support';
import { copyModules } from '../faults/src/cluster/copied-build.ts';
import { replaceInBuild } from '../known-bad/src/replace-in-build.ts';

const STORE = 'packages/message-store/dist/mysql';
const SCHEMA_FILE = `${STORE}/schema/schema-version.js`;
const PROCEDURE_FILE = 'db/migrations/procedures/publish_message.sql';

/** A release that does not exist yet, made of the present one. */
export interface NextRelease {
  readonly build: TempFolder;
  /** Its newest migration, which the present release does not have. */
  readonly schemaVersion: number;
  /** The comment of its procedure `publish_message`. */
  readonly procedureComment: string;
}

/**
 * Makes a release after this one: with a migration that is marked as given, a relay that uses its column where it is there,
 * and another `publish_message`.
 */
export async function makeNextRelease({ isCompatible }: { isCompatible: boolean }): Promise<NextRelease> {
  const build = await copyModules();
  const [constants, version, before] = await schemaConstants(build.path);
  const schemaVersion = version + 1;
  const procedure = await readFile(join(build.path, PROCEDURE_FILE), 'utf8');
  const comment = /'Postline, version (\d+)'/.exec(procedure) ?? [];
  const procedureComment = `Postline, version ${Number(comment[1]) + 1}`;
  await writeFile(
    join(build.path, 'db/migrations', `${String(schemaVersion).padStart(4, '0')}-next-release.sql`),
    `-- compatible: ${isCompatible}
ALTER TABLE acks ADD COLUMN next_release BOOLEAN NOT NULL DEFAULT FALSE;
-- already done: 1060
`,
  );
  await replaceInBuild(build.path, [
    {
      file: SCHEMA_FILE,
      find: constants,
      replace: constants
        .replace(`SCHEMA_VERSION = ${version};`, `SCHEMA_VERSION = ${schemaVersion};`)
        .replace(`SCHEMA_VERSION_BEFORE = ${before};`, `SCHEMA_VERSION_BEFORE = ${version};`),
    },
    {
      file: `${STORE}/mysql-message-store.js`,
      find: "await this.#calls.save('saving acks', (session) => saveAckRows(session, acks));",
      replace: `await this.#calls.save('saving acks', async (session) => {
            await saveAckRows(session, acks);
            if (this.#check.schemaVersion >= ${schemaVersion}) await session.change('UPDATE acks SET next_release = TRUE WHERE NOT next_release', []);
        });`,
    },
    { file: PROCEDURE_FILE, find: comment[0] ?? 'no comment', replace: `'${procedureComment}'` },
  ]);
  return { build, schemaVersion, procedureComment };
}

/** The built lines of the two constants, and their values. */
async function schemaConstants(folder: string): Promise<readonly [string, number, number]> {
  const text = await readFile(join(folder, SCHEMA_FILE), 'utf8');
  const found = /export const SCHEMA_VERSION = (\d+);[^]*?SCHEMA_VERSION_BEFORE = (\d+);/.exec(text);
  if (found === null) throw new Error(`${SCHEMA_FILE} has no constants`);
  return [found[0], Number(found[1]), Number(found[2])];
}

import { execFileSync } from 'node:child_process';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DatabaseServer, makeTempFolder, startDatabase } from '@postline/test-support';

/** Room for a fresh database, its redo log (96 MiB) and some 100 MiB of messages. */
const DISK_MEBIBYTES = 384;
const TEMP_FOLDER_VARIABLE = 'TMPDIR';

/** A database on a small separate disk that can be filled up. */
export interface SmallDisk {
  readonly database: DatabaseServer;
  /** Leaves not one block free. */
  readonly fill: () => Promise<void>;
  readonly free: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Mounts a small tmpfs and starts a database on it; undefined where this machine lets nobody mount. */
export async function startOnSmallDisk(): Promise<SmallDisk | undefined> {
  const folder = await makeTempFolder('small-disk');
  try {
    const size = `size=${DISK_MEBIBYTES}m`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', folder.path], { stdio: 'pipe' });
  } catch {
    await folder.remove();
    return undefined;
  }
  const database = await startDatabaseIn(folder.path);
  const filler = join(folder.path, 'filler');
  return {
    database,
    fill: async () => {
      const { bavail, bsize } = await statfs(folder.path);
      // A piece at a time: the database may take or give back some meanwhile.
      await writeFile(filler, Buffer.alloc(bavail * bsize)).catch(() => undefined);
      for (let tries = 0; tries < 10; tries += 1) {
        await writeFile(filler, Buffer.alloc(bsize), { flag: 'a' }).catch(() => undefined);
      }
    },
    free: () => rm(filler, { force: true }),
    stop: async () => {
      await database.stop();
      execFileSync('umount', ['--lazy', folder.path], { stdio: 'pipe' });
      await folder.remove();
    },
  };
}

/** Its data folder is made where the system's temp folder is said to be. */
async function startDatabaseIn(folder: string): Promise<DatabaseServer> {
  const before = process.env[TEMP_FOLDER_VARIABLE];
  process.env[TEMP_FOLDER_VARIABLE] = folder;
  try {
    return await startDatabase();
  } finally {
    if (before === undefined) Reflect.deleteProperty(process.env, TEMP_FOLDER_VARIABLE);
    else process.env[TEMP_FOLDER_VARIABLE] = before;
  }
}

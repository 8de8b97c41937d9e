import { execFileSync } from 'node:child_process';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DatabaseServer, makeTempFolder, startDatabase } from '@postline/test-support';

/** Room for a fresh database, its redo log (96 MiB) and about 100 MiB of messages. */
const DISK_MEBIBYTES = 384;
const TEMP_FOLDER_VARIABLE = 'TMPDIR';

/** A database on a small separate disk that can be filled. */
export interface SmallDisk {
  readonly database: DatabaseServer;
  /** Fills every block of the disk. */
  readonly fill: () => Promise<void>;
  readonly free: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Mounts a small tmpfs and starts a database on it. Resolves to undefined if this machine does not permit mounts. */
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
      // In several steps, because the database may use or release space in the meantime.
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

/** Starts a database whose data folder is in `folder`, which is set as the system's temporary folder for a moment. */
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

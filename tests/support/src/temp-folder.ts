import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempFolder {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

/** Folders that their owners have not removed; at exit a run removes its own, and no other run's. */
const open = new Set<string>();
process.once('exit', () => {
  for (const path of open) rmSync(path, REMOVAL);
});

const REMOVAL = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 } as const;

/** A new empty folder under the system's temp folder. */
export async function makeTempFolder(purpose: string): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), `postline-${purpose}-`));
  open.add(path);
  const remove = async () => {
    await rm(path, REMOVAL);
    open.delete(path);
  };
  return { path, remove };
}

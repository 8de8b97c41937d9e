import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { StoreUnavailableError } from '../message-store.ts';
import { isBusy } from './busy-retry.ts';

const LOCK_FILE = 'postline.lock';
/** Describes the process that holds the lock, for a process that is refused. */
const HOLDER_FILE = 'postline.running.json';
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** What a refused process reports about the process that uses the folder. */
export interface FolderHolder {
  readonly pid: number;
  readonly startedAt: string;
  /** The address where it accepts requests; undefined until it listens. */
  readonly url?: string | undefined;
}

/** Another process uses the folder. */
export class FolderInUseError extends Error {
  readonly code = 'folder_in_use';
  /** Undefined if the other process has not described itself yet. */
  readonly holder: FolderHolder | undefined;

  constructor(holder: FolderHolder | undefined) {
    super('the folder is in use by another process');
    this.name = 'FolderInUseError';
    this.holder = holder;
  }
}

export interface FolderLock {
  /** Adds this process's address to the description. */
  readonly publishUrl: (url: string) => void;
  readonly release: () => void;
}

/**
 * Reserves a data folder for this process until it ends in any way. The operating system holds the lock, on a file that
 * SQLite opens, so a killed process leaves no lock behind. Throws a FolderInUseError if another process has the folder.
 */
export function lockFolder(folder: string): FolderLock {
  const holderFile = join(folder, HOLDER_FILE);
  const database = openLocked(folder, holderFile);
  const holder = { pid: process.pid, startedAt: new Date().toISOString() };
  const describe = (description: FolderHolder) => {
    writeFileSync(holderFile, `${JSON.stringify(description)}\n`, { mode: FILE_MODE });
  };
  describe(holder);
  return {
    publishUrl: (url) => {
      describe({ ...holder, url });
    },
    release: () => {
      rmSync(holderFile, { force: true });
      database.close();
    },
  };
}

function openLocked(folder: string, holderFile: string): Database.Database {
  let database: Database.Database | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
    database = new Database(join(folder, LOCK_FILE), { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database?.close();
    if (isBusy(error)) throw new FolderInUseError(readHolder(holderFile));
    throw new StoreUnavailableError('locking the folder failed', error);
  }
}

/** Undefined if the file does not exist yet or is half written. */
function readHolder(file: string): FolderHolder | undefined {
  try {
    const { pid, startedAt, url } = JSON.parse(readFileSync(file, 'utf8')) as Partial<FolderHolder>;
    if (typeof pid !== 'number' || typeof startedAt !== 'string') return undefined;
    return { pid, startedAt, url: typeof url === 'string' ? url : undefined };
  } catch {
    return undefined;
  }
}

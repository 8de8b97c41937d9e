import { join, resolve } from 'node:path';
import { migrateAtStart } from '@postline/api-server';
import type { MessageBus } from '@postline/message-bus';
import { createInProcessMessageBus } from '@postline/message-bus/in-process';
import { createRedisMessageBus } from '@postline/message-bus/redis';
import {
  answersAtStart,
  type LogTrimmer,
  type MemberUpkeep,
  type MessageStore,
  type Outbox,
} from '@postline/message-store';
import { createMysqlMessageStore } from '@postline/message-store/mysql';
import {
  createSqliteMessageStore,
  DATABASE_FILE,
  FolderInUseError,
  type FolderLock,
  lockFolder,
} from '@postline/message-store/sqlite';
import { databaseConnections, type Logger, redisConnections, SettingsError } from '@postline/service-runtime';
import type { StandaloneEnvironment } from './configuration.ts';

export interface Backends {
  readonly store: MessageStore & LogTrimmer & MemberUpkeep;
  /** Publishing by SQL; the embedded kind has none. */
  readonly outbox?: Outbox;
  readonly bus: MessageBus;
  /** Where messages are kept, for a person; without user name and password. */
  readonly place: string;
  /** Migrates the database to the schema of this version. */
  readonly prepare: () => Promise<void>;
  /** Tells a second start on the same data where this process answers. */
  readonly publishUrl: (url: string) => void;
  readonly close: () => Promise<void>;
}

/** Opens the real servers if their URLs are set (the settings check that both are), else the embedded kinds. */
export async function openBackends(env: StandaloneEnvironment, logger: Logger): Promise<Backends> {
  const { databaseUrl, redisUrl, migrationUrl } = env;
  if (databaseUrl === undefined || redisUrl === undefined || migrationUrl === undefined)
    return await openEmbedded(env.DATA_DIR);
  const store = createMysqlMessageStore({ databaseUrl, ...databaseConnections(env) });
  const { host, pathname } = new URL(databaseUrl);
  return {
    store,
    outbox: store,
    bus: createRedisMessageBus({ redisUrl, ...redisConnections(env) }),
    place: `MySQL ${host}${pathname}`,
    prepare: async () => {
      await migrateAtStart({ ...env, migrationUrl }, logger);
      await answersAtStart(store);
    },
    publishUrl: () => undefined,
    close: () => store.close(),
  };
}

/** One process for each folder: a second one would have a relay that hears nothing of the first one's messages. */
async function openEmbedded(dataDir: string): Promise<Backends> {
  const folder = resolve(dataDir);
  const lock = lockDataFolder(folder);
  const file = join(folder, DATABASE_FILE);
  const store = await createSqliteMessageStore({ file });
  return {
    store,
    bus: createInProcessMessageBus(),
    place: file,
    prepare: () => Promise.resolve(),
    publishUrl: lock.publishUrl,
    close: async () => {
      await store.close();
      lock.release();
    },
  };
}

/** Throws a SettingsError that names the process which uses the folder. */
function lockDataFolder(folder: string): FolderLock {
  try {
    return lockFolder(folder);
  } catch (error) {
    if (!(error instanceof FolderInUseError)) throw error;
    const { holder } = error;
    const who =
      holder === undefined
        ? 'that has just started'
        : `(process ${holder.pid}, started ${holder.startedAt}${holder.url === undefined ? '' : `, ${holder.url}`})`;
    throw new SettingsError([`DATA_DIR: ${folder} is in use by another Postline ${who}`]);
  }
}

import { join } from 'node:path';
import { apiSettings, createApiServer, migrateWhenReachable } from '@postline/api-server';
import type { MessageBus } from '@postline/message-bus';
import { createInProcessMessageBus } from '@postline/message-bus/in-process';
import { createRedisMessageBus } from '@postline/message-bus/redis';
import type { LogTrimmer, MemberUpkeep, MessageStore, Outbox } from '@postline/message-store';
import { createMysqlMessageStore, migrate } from '@postline/message-store/mysql';
import { createSqliteMessageStore, DATABASE_FILE } from '@postline/message-store/sqlite';
import {
  createLogger,
  databaseConnections,
  type Logger,
  MemoryBudget,
  runProcess,
} from '@postline/service-runtime';
import { createRelay, relaySettings } from '@postline/websocket-server';
import { readStandaloneEnvironment, type StandaloneEnvironment } from './configuration.ts';

const MIGRATIONS_FOLDER = new URL('../../db/migrations/', import.meta.url);

interface Backends {
  readonly store: MessageStore & LogTrimmer & MemberUpkeep;
  /** Publishing by SQL; the embedded kind has none. */
  readonly outbox?: Outbox;
  readonly bus: MessageBus;
  /** Migrates the database to the schema of this version. */
  readonly prepare: () => Promise<void>;
}

/** Opens the real servers if their URLs are set (the settings check that both are), else the embedded kinds. */
async function openBackends(env: StandaloneEnvironment, logger: Logger): Promise<Backends> {
  const { databaseUrl, redisUrl, migrationUrl, REDIS_PREFIX: prefix, DATA_DIR: folder } = env;
  if (databaseUrl === undefined || redisUrl === undefined || migrationUrl === undefined) {
    const store = await createSqliteMessageStore({ file: join(folder, DATABASE_FILE) });
    return { store, bus: createInProcessMessageBus(), prepare: () => Promise.resolve() };
  }
  const store = createMysqlMessageStore({ databaseUrl, ...databaseConnections(env) });
  return {
    store,
    outbox: store,
    bus: createRedisMessageBus({ redisUrl, ca: env.REDIS_CA_FILE, prefix }),
    prepare: () =>
      migrateWhenReachable({
        migrate: (onEvent) =>
          migrate({
            databaseUrl: migrationUrl,
            databaseCa: env.DATABASE_CA_FILE,
            folder: MIGRATIONS_FOLDER,
            onEvent,
          }),
        waitMs: env.DATABASE_WAIT_MS,
        logger,
      }),
  };
}

await runProcess(process.env, async (processEnv) => {
  const env = readStandaloneEnvironment(processEnv);
  const logger = createLogger({ service: 'standalone', level: env.LOG_LEVEL });
  const { store, outbox, bus, prepare } = await openBackends(env, logger);
  const apiLogger = createLogger({ service: 'api-server', level: env.LOG_LEVEL });
  const relayLogger = createLogger({ service: 'websocket-server', level: env.LOG_LEVEL });
  const settings = apiSettings(env);
  const memory = new MemoryBudget({ bytesMax: settings.heldBytesMax }); // both services share the heap
  const api = createApiServer({
    memory,
    store,
    outbox,
    trimmer: store,
    bus,
    settings,
    logger: apiLogger,
  });
  const apiPort = await api.listen({ host: env.HOST, port: env.API_PORT });
  const relay = createRelay({
    store,
    bus,
    settings: relaySettings(env, apiPort),
    logger: relayLogger,
    memory,
  });
  const relayPort = await relay.listen({ host: env.HOST, port: env.RELAY_PORT });
  for (const warning of settings.warnings) logger.warn(warning);
  apiLogger.info({ host: env.HOST, port: apiPort }, 'listening');
  relayLogger.info({ host: env.HOST, port: relayPort }, 'listening');
  const started = prepare().then(() => {
    api.open();
    const page = `http://localhost:${relayPort}/?clientId=1`;
    logger.info({ page }, 'ready: open the page, and send it something');
  });
  return {
    logger,
    shutdownDeadlineMs: env.SHUTDOWN_DEADLINE_MS,
    started,
    close: async () => {
      await Promise.all([api.close(), relay.close()]);
      await store.close();
    },
  };
});

import { createRedisMessageBus } from '@postline/message-bus/redis';
import { createMysqlMessageStore, migrate } from '@postline/message-store/mysql';
import {
  createLogger,
  databaseConnections,
  isPrimaryOf,
  isWorker,
  listenOn,
  runProcess,
  startWorkers,
} from '@postline/service-runtime';
import { createApiServer } from './api-server.ts';
import { apiCommand, apiSettings, readApiEnvironment } from './configuration.ts';
import { migrateWhenReachable, waitForSchema } from './upkeep/migrate-when-reachable.ts';

const MIGRATIONS_FOLDER = new URL('../../db/migrations/', import.meta.url);

await runProcess(apiCommand, async (processEnv) => {
  const env = readApiEnvironment(processEnv);
  const logger = createLogger({ service: 'api-server', level: env.LOG_LEVEL });
  const { databaseUrl, migrationUrl, redisUrl } = env;
  const migrating = () =>
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
    });
  const { WORKERS: workerCount, SHUTDOWN_DEADLINE_MS: shutdownDeadlineMs } = env;
  if (isPrimaryOf(workerCount)) {
    const primary = await startWorkers({ workerCount, logger, shutdownDeadlineMs });
    return { ...primary, started: migrating() };
  }

  const store = createMysqlMessageStore({ databaseUrl, ...databaseConnections(env) });
  const bus = createRedisMessageBus({ redisUrl, ca: env.REDIS_CA_FILE, prefix: env.REDIS_PREFIX });
  const settings = apiSettings(env);
  const api = createApiServer({ store, outbox: store, trimmer: store, bus, settings, logger });
  for (const warning of settings.warnings) logger.warn(warning);
  const port = await listenOn(api, { host: env.HOST, port: env.PORT, portVariable: 'PORT' });
  logger.info({ host: env.HOST, port }, 'listening');
  return {
    logger,
    shutdownDeadlineMs,
    started: (isWorker() ? waitForSchema(() => store.checkReady()) : migrating()).then(() => {
      api.open();
    }),
    close: async () => {
      await api.close();
      await store.close();
    },
  };
});

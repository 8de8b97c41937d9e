import { createRedisMessageBus } from '@postline/message-bus/redis';
import { answersAtStart } from '@postline/message-store';
import { createMysqlMessageStore } from '@postline/message-store/mysql';
import {
  createLogger,
  databaseConnections,
  drainPeriodMs,
  isPrimaryOf,
  isWorker,
  listenOn,
  redisConnections,
  runProcess,
  startWorkers,
} from '@postline/service-runtime';
import { startTracing } from '@postline/service-runtime/tracing';
import { createApiServer } from './api-server.ts';
import { apiCommand, apiSettings, readApiEnvironment } from './configuration.ts';
import { migrateAtStart } from './upkeep/migrate-at-start.ts';
import { waitForSchema } from './upkeep/migrate-when-reachable.ts';

await runProcess(apiCommand, async (processEnv) => {
  const env = readApiEnvironment(processEnv);
  const logger = createLogger({ service: 'api-server', level: env.LOG_LEVEL });
  const { databaseUrl, redisUrl } = env;
  const store = createMysqlMessageStore({ databaseUrl, ...databaseConnections(env) });
  const prepare = async () => {
    await migrateAtStart(env, logger);
    await answersAtStart(store);
  };
  const { WORKERS: workerCount, SHUTDOWN_DEADLINE_MS: shutdownDeadlineMs } = env;
  const drainMs = drainPeriodMs(env);
  if (isPrimaryOf(workerCount)) {
    const primary = await startWorkers({ workerCount, logger, shutdownDeadlineMs, drainMs });
    return { ...primary, started: prepare().then(() => store.close()) };
  }

  const bus = createRedisMessageBus({ redisUrl, ...redisConnections(env) });
  const settings = apiSettings(env);
  const tracing = await startTracing(env, { service: 'postline-api-server', logger });
  const api = createApiServer({ store, outbox: store, trimmer: store, bus, settings, logger, tracing });
  for (const warning of settings.warnings) logger.warn(warning);
  const port = await listenOn(api, { host: env.HOST, port: env.PORT, portVariable: 'PORT' });
  logger.info({ host: env.HOST, port }, 'listening');
  return {
    logger,
    shutdownDeadlineMs,
    started: (isWorker() ? waitForSchema(() => store.checkReady()) : prepare()).then(() => {
      api.open();
    }),
    drain: {
      milliseconds: drainMs,
      onStart: () => {
        api.startDraining();
      },
    },
    close: async () => {
      await api.close();
      await Promise.all([store.close(), tracing?.close()]);
    },
  };
});

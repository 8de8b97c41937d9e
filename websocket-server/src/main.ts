import { createRedisMessageBus } from '@postline/message-bus/redis';
import { createMysqlMessageStore } from '@postline/message-store/mysql';
import {
  createLogger,
  databaseConnections,
  drainPeriodMs,
  isPrimaryOf,
  isWorker,
  listenOn,
  OPEN_MODE_WARNING,
  redisConnections,
  runProcess,
  startWorkers,
} from '@postline/service-runtime';
import { startTracing } from '@postline/service-runtime/tracing';
import { readRelayEnvironment, relayCommand, relaySettings } from './configuration.ts';
import { createRelay } from './relay.ts';
import { waitForDatabase } from './wait-for-database.ts';

/** The API's port for the page, unless a URL is configured: the API's own default. */
const API_PORT_DEFAULT = 8080;

await runProcess(relayCommand, async (processEnv) => {
  const env = readRelayEnvironment(processEnv);
  const logger = createLogger({ service: 'websocket-server', level: env.LOG_LEVEL });
  const { WORKERS: workerCount, SHUTDOWN_DEADLINE_MS: shutdownDeadlineMs } = env;
  const drainMs = drainPeriodMs(env);
  const store = createMysqlMessageStore({
    databaseUrl: env.databaseUrl,
    takesSchemaBefore: true,
    ...databaseConnections(env),
  });
  if (isPrimaryOf(workerCount)) {
    const primary = await startWorkers({ workerCount, logger, shutdownDeadlineMs, drainMs });
    return { ...primary, started: waitForDatabase(store).then(() => store.close()) };
  }
  const bus = createRedisMessageBus({ redisUrl: env.redisUrl, ...redisConnections(env) });
  const settings = relaySettings(env, API_PORT_DEFAULT);
  const tracing = await startTracing(env, { service: 'postline-websocket-server', logger });
  const relay = createRelay({ store, bus, settings, logger, tracing });
  if (settings.auth === 'open') logger.warn(OPEN_MODE_WARNING);
  const port = await listenOn(relay, { host: env.HOST, port: env.PORT, portVariable: 'PORT' });
  logger.info({ host: env.HOST, port }, 'listening');
  return {
    logger,
    shutdownDeadlineMs,
    started: isWorker() ? undefined : waitForDatabase(store),
    drain: {
      milliseconds: drainMs,
      onStart: () => {
        relay.startDraining();
      },
    },
    close: async () => {
      await relay.close();
      await Promise.all([store.close(), tracing?.close()]);
    },
  };
});

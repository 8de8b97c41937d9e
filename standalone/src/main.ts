import { apiSettings, createApiServer } from '@postline/api-server';
import {
  createLogger,
  drainPeriodMs,
  listenOn,
  MemoryBudget,
  type RunningProcess,
  runProcess,
  writeToTerminal,
} from '@postline/service-runtime';
import { startTracing } from '@postline/service-runtime/tracing';
import { createRelay, relaySettings } from '@postline/websocket-server';
import { openBackends } from './backends.ts';
import { readStandaloneEnvironment, standaloneCommand, type StandaloneEnvironment } from './configuration.ts';
import { bannerLines, startReport } from './start-report.ts';

/** Commands that come with the services, in place of a start: `postline-server keys new shop`. */
const COMMANDS: ReadonlySet<string> = new Set(['keys', 'new-epoch', 'token']);

const [first = '', ...rest] = process.argv.slice(2);
if (COMMANDS.has(first)) {
  const { runOperatorCommand } = await import('@postline/operator-commands');
  await runOperatorCommand(first, rest);
} else {
  await runProcess(standaloneCommand, (env) => start(readStandaloneEnvironment(env)));
}

async function start(env: StandaloneEnvironment): Promise<RunningProcess> {
  const logger = createLogger({ service: 'standalone', level: env.LOG_LEVEL });
  const { store, outbox, bus, place, prepare, publishUrl, close } = await openBackends(env, logger);
  const apiLogger = createLogger({ service: 'api-server', level: env.LOG_LEVEL });
  const relayLogger = createLogger({ service: 'websocket-server', level: env.LOG_LEVEL });
  const settings = apiSettings(env);
  const memory = new MemoryBudget({ bytesMax: settings.heldBytesMax }); // both services share the heap
  const tracing = await startTracing(env, { service: 'postline', logger });
  const api = createApiServer({
    memory,
    tracing,
    store,
    outbox,
    trimmer: store,
    bus,
    settings,
    logger: apiLogger,
  });
  const { HOST: host } = env;
  const apiPort = await listenOn(api, { host, port: env.API_PORT, portVariable: 'API_PORT' });
  const relay = createRelay({
    store,
    bus,
    settings: relaySettings(env, apiPort),
    logger: relayLogger,
    memory,
    tracing,
  });
  const relayPort = await listenOn(relay, { host, port: env.RELAY_PORT, portVariable: 'RELAY_PORT' });
  for (const warning of settings.warnings) logger.warn(warning);
  apiLogger.info({ host, port: apiPort }, 'listening');
  relayLogger.info({ host, port: relayPort }, 'listening');
  const report = startReport({ env, apiPort, relayPort, place });
  publishUrl(report.page ?? report.api);
  return {
    logger,
    shutdownDeadlineMs: env.SHUTDOWN_DEADLINE_MS,
    started: prepare().then(() => {
      api.open();
    }),
    onReady: () => {
      if (!writeToTerminal(bannerLines(report))) logger.info(report, 'ready');
    },
    // An embedded database belongs to this process: while it drains, no other one could take over.
    drain: {
      milliseconds: drainPeriodMs(env, { hasPeers: env.databaseUrl !== undefined }),
      onStart: () => {
        api.startDraining();
        relay.startDraining();
      },
    },
    close: async () => {
      await Promise.all([api.close(), relay.close()]);
      await Promise.all([close(), tracing?.close()]);
    },
  };
}

import { API_MEMORY, apiEnvironment, apiProcessEnvironment } from '@postline/api-server';
import { checkClientTokens, clientTokenEnvironment } from '@postline/client-tokens';
import { checkPublisherKeys } from '@postline/publisher-keys';
import {
  calledAs,
  checkMemory,
  checkTogether,
  type Environment,
  effectiveUrls,
  migrationSettings,
  portSetting,
  readSettings,
  backendSettings,
  type ServiceCommand,
  sharedSettings,
} from '@postline/service-runtime';
import { checkOperationsKeys, RELAY_MEMORY_SUMS, relayEnvironment } from '@postline/websocket-server';
import { z } from 'zod';

/** Every setting of both services in one process, by the name of its environment variable. */
export const standaloneProcessEnvironment = {
  ...sharedSettings,
  ...backendSettings,
  ...clientTokenEnvironment,
  ...migrationSettings,
  ...apiEnvironment,
  ...relayEnvironment,
  HOST: apiProcessEnvironment.HOST,
  API_PORT: portSetting(8080).meta({ description: 'Port of the API.' }),
  RELAY_PORT: portSetting(3000).meta({ description: 'Port of the relay.' }),
  DATA_DIR: z.string().default('./data').meta({ description: 'Folder of the embedded database.' }),
  DATABASE_WAIT_MS: apiProcessEnvironment.DATABASE_WAIT_MS,
};

export const standaloneCommand: ServiceCommand = {
  usage: calledAs(),
  summary:
    'Runs the API and the relay in one process, with an embedded database in ./data unless DATABASE_URL and REDIS_URL are set.',
  notes: [
    '',
    'Commands, each with its own --help:',
    '  keys new NAME   makes a key for a publisher',
    '  token CLIENT_ID makes a token for a client',
    '  new-epoch       begins a new epoch after a backup was restored',
  ],
  replacedSettings: {
    PORT: 'API_PORT and RELAY_PORT',
    WORKERS: 'npm run api and npm run relay for several processes',
  },
  settings: standaloneProcessEnvironment,
};

const environmentSchema = checkTogether(
  z.object(standaloneProcessEnvironment),
  'both-or-none',
  checkMemory({ ...API_MEMORY, sums: [...API_MEMORY.sums, ...RELAY_MEMORY_SUMS] }),
  checkClientTokens,
  checkPublisherKeys,
  checkOperationsKeys,
);

/** Everything that `npm start` takes from its environment. Throws a SettingsError. */
export function readStandaloneEnvironment(env: Environment) {
  const settings = readSettings(environmentSchema, env);
  return { ...settings, ...effectiveUrls(settings) };
}

export type StandaloneEnvironment = ReturnType<typeof readStandaloneEnvironment>;

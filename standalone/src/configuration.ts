import { API_MEMORY, apiEnvironment, apiProcessEnvironment, checkPublisherKeys } from '@postline/api-server';
import { checkClientTokens, clientTokenEnvironment } from '@postline/client-tokens';
import {
  checkMemory,
  checkTogether,
  type Environment,
  effectiveUrls,
  migrationSettings,
  portSetting,
  readSettings,
  backendSettings,
  sharedSettings,
} from '@postline/service-runtime';
import { RELAY_MEMORY_SUMS, relayEnvironment } from '@postline/websocket-server';
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

const environmentSchema = checkTogether(z.object(standaloneProcessEnvironment), 'both-or-none')
  .superRefine(checkMemory({ ...API_MEMORY, sums: [...API_MEMORY.sums, ...RELAY_MEMORY_SUMS] }))
  .superRefine(checkClientTokens, { when: () => true })
  .superRefine(checkPublisherKeys, { when: () => true });

/** Everything that `npm start` takes from its environment. Throws a SettingsError. */
export function readStandaloneEnvironment(env: Environment) {
  const settings = readSettings(environmentSchema, env);
  return { ...settings, ...effectiveUrls(settings) };
}

export type StandaloneEnvironment = ReturnType<typeof readStandaloneEnvironment>;

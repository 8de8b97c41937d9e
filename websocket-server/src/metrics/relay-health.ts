import { describeBusFault } from '@postline/message-bus';
import { describeDatabaseFault, type MessageStore } from '@postline/message-store';
import { type Logger, OPEN_MODE_WARNING, ServiceHealth } from '@postline/service-runtime';
import type { RelaySettings } from '../configuration.ts';

export interface RelayHealthParts {
  readonly store: Pick<MessageStore, 'checkReady'>;
  readonly settings: Pick<RelaySettings, 'auth'>;
  readonly logger: Logger;
}

/** Whether the relay can do its work, for `/readyz` and the log. */
export type RelayHealth = ServiceHealth;

export function createRelayHealth({ store, settings, logger }: RelayHealthParts): RelayHealth {
  return new ServiceHealth({
    logger,
    warnings: settings.auth === 'open' ? [OPEN_MODE_WARNING] : [],
    database: {
      check: async (showWarnings) => {
        showWarnings(await store.checkReady());
      },
      describe: describeDatabaseFault,
      consequence: 'Connections stay and wait until it works again.',
    },
    bus: {
      describe: describeBusFault,
      consequence: 'No hints come: messages are delivered from the database alone.',
    },
  });
}

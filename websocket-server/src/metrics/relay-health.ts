import { describeBusFault } from '@postline/message-bus';
import { describeDatabaseFault, type MessageStore } from '@postline/message-store';
import {
  ActivityHealth,
  type Logger,
  OPEN_MODE_WARNING,
  PartHealth,
  Readiness,
} from '@postline/service-runtime';
import type { RelaySettings } from '../configuration.ts';

export interface RelayHealthParts {
  readonly store: Pick<MessageStore, 'checkReady'>;
  readonly settings: Pick<RelaySettings, 'auth'>;
  readonly logger: Logger;
}

/** Whether the relay can do its work, for `/readyz` and the log. */
export interface RelayHealth {
  readonly readiness: Readiness;
  /** Reported by the subscriber, which proves again and again that hints flow. */
  readonly bus: PartHealth;
  /** Something that is done with the database over and over. */
  databaseActivity(title: string): ActivityHealth;
}

export function createRelayHealth({ store, settings, logger }: RelayHealthParts): RelayHealth {
  const readiness = new Readiness({
    logger,
    warnings: settings.auth === 'open' ? [OPEN_MODE_WARNING] : [],
  });
  const database = new PartHealth({
    name: 'database',
    title: 'The database',
    consequence: 'Connections stay and wait until it works again.',
    check: async () => {
      readiness.showWarnings('database', await store.checkReady());
    },
    describe: describeDatabaseFault,
    logger,
  });
  const bus = new PartHealth({
    name: 'bus',
    title: 'Redis',
    consequence: 'No hints come: messages are delivered from the database alone.',
    describe: describeBusFault,
    logger,
  });
  readiness.addPart(database, { isRequired: true });
  readiness.addPart(bus, { isRequired: false });
  return {
    readiness,
    bus,
    databaseActivity: (title) =>
      new ActivityHealth({ part: database, title, describe: describeDatabaseFault, logger }),
  };
}

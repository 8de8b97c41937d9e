import { type BusEndEvents, describeBusFault } from '@postline/message-bus';
import { describeDatabaseFault, type MessageStore } from '@postline/message-store';
import { ActivityHealth, type Logger, PartHealth, Readiness, StartingError } from '@postline/service-runtime';

export interface ApiHealthParts {
  readonly store: Pick<MessageStore, 'checkReady' | 'checkWritable'>;
  readonly settings: { readonly warnings: readonly string[] };
  readonly logger: Logger;
}

/** Whether the API can do its work, for `/readyz` and the log. */
export interface ApiHealth {
  readonly readiness: Readiness;
  /** For the publisher's end of the bus. */
  readonly busEvents: BusEndEvents;
  /** False until `open`: the database does not have the schema yet that this version needs. */
  readonly isOpen: () => boolean;
  open(): void;
  /** Something that is done with the database over and over. */
  databaseActivity(title: string): ActivityHealth;
}

export function createApiHealth({ store, settings, logger }: ApiHealthParts): ApiHealth {
  let isOpen = false;
  const readiness = new Readiness({ logger, warnings: settings.warnings });
  const database = new PartHealth({
    name: 'database',
    title: 'The database',
    consequence: 'Requests are answered 503 until it works again.',
    check: async () => {
      try {
        readiness.showWarnings('database', await store.checkReady());
      } catch (error) {
        if (isOpen || describeDatabaseFault(error).kind !== 'schema') throw error;
      }
      if (!isOpen) throw new StartingError();
      await store.checkWritable();
    },
    describe: describeDatabaseFault,
    logger,
  });
  const bus = new PartHealth({
    name: 'bus',
    title: 'Redis',
    consequence: 'Messages are stored, and delivered from the database.',
    describe: describeBusFault,
    logger,
  });
  readiness.addPart(database, { isRequired: true });
  readiness.addPart(bus, { isRequired: false });
  return {
    readiness,
    busEvents: {
      onState: (state) => {
        if (state === 'up') bus.worked();
      },
      onFault: (error) => {
        bus.failed(error);
      },
    },
    isOpen: () => isOpen,
    open: () => {
      isOpen = true;
      database.checkNow();
    },
    databaseActivity: (title) =>
      new ActivityHealth({ part: database, title, describe: describeDatabaseFault, logger }),
  };
}

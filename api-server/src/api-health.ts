import { type BusEndEvents, describeBusFault } from '@postline/message-bus';
import { describeDatabaseFault, type MessageStore } from '@postline/message-store';
import { type Logger, ServiceHealth, StartingError } from '@postline/service-runtime';

export interface ApiHealthParts {
  readonly store: Pick<MessageStore, 'checkReady' | 'checkWritable'>;
  readonly settings: { readonly warnings: readonly string[] };
  readonly logger: Logger;
}

/** Whether the API can do its work, for `/readyz` and the log. */
export interface ApiHealth
  extends Pick<ServiceHealth, 'readiness' | 'database' | 'bus' | 'databaseActivity'> {
  /** For the publisher's end of the bus. */
  readonly busEvents: BusEndEvents;
  /** False until `open`: the database does not have the schema yet that this version needs. */
  readonly isOpen: () => boolean;
  /** Resolves when `open` is called. */
  readonly opened: Promise<void>;
  open(): void;
}

export function createApiHealth({ store, settings, logger }: ApiHealthParts): ApiHealth {
  let isOpen = false;
  let resolveOpened: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    resolveOpened = resolve;
  });
  const health = new ServiceHealth({
    logger,
    warnings: settings.warnings,
    database: {
      check: async (show) => {
        try {
          const { server, risks } = await store.checkReady(); // checkWritable reports a server that is read-only
          show({ server, warnings: risks });
        } catch (error) {
          if (isOpen || describeDatabaseFault(error).kind !== 'schema') throw error;
        }
        if (!isOpen) throw new StartingError();
        await store.checkWritable();
      },
      describe: describeDatabaseFault,
      consequence: 'Requests are answered 503 until it works again.',
    },
    bus: {
      describe: describeBusFault,
      consequence: 'Messages are stored, and delivered from the database.',
    },
  });
  const { readiness, database, bus } = health;
  return {
    readiness,
    database,
    bus,
    busEvents: {
      onState: (state) => {
        if (state === 'up') bus.worked();
      },
      onFault: (error) => {
        bus.failed(error);
      },
    },
    isOpen: () => isOpen,
    opened,
    open: () => {
      isOpen = true;
      resolveOpened();
      database.checkNow();
    },
    databaseActivity: (title) => health.databaseActivity(title),
  };
}

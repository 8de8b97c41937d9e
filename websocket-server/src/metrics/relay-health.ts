import { describeBusFault } from '@postline/message-bus';
import { describeDatabaseFault, type MessageStore } from '@postline/message-store';
import { type Logger, OPEN_MODE_WARNING, type PartWarning, ServiceHealth } from '@postline/service-runtime';
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
      check: async (show) => {
        const { server, risks, readOnlyBy } = await store.checkReady();
        show({ server, warnings: [...readOnlyWarnings(readOnlyBy), ...risks] });
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

/** Delivery needs no writes, so the relay goes on while it looks for a server that takes them. */
function readOnlyWarnings(readOnlyBy: string | undefined): readonly PartWarning[] {
  if (readOnlyBy === undefined) return [];
  return [
    {
      key: 'read_only',
      text: `The database takes no writes (${readOnlyBy} is on), as after a failover: what it has is delivered, acks wait, and another connection is tried every few seconds.`,
      degrades: true,
    },
  ];
}

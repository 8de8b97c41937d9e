import type { Logger } from '../logging/logger.ts';
import { ActivityHealth } from './activity-health.ts';
import type { FaultReason } from './fault-reason.ts';
import { PartHealth } from './part-health.ts';
import { type PartWarning, Readiness } from './readiness.ts';
import { type FoundServer, ServerLog } from './server-log.ts';

interface ServerOptions {
  /** What an outage means for users of the service: a sentence for the log. */
  readonly consequence: string;
  readonly describe: (error: unknown) => FaultReason;
}

/** What a check found out about the database. */
interface FoundDatabase {
  /** Undefined if there is no server. */
  readonly server: FoundServer | undefined;
  /** What an operator should change, or know. */
  readonly warnings: readonly PartWarning[];
}

export interface ServiceHealthOptions {
  readonly logger: Logger;
  /** As for Readiness. */
  readonly warnings: readonly string[];
  readonly database: ServerOptions & {
    /** Rejects while the database cannot be used. Passes what it found to `show`. */
    readonly check: (show: (found: FoundDatabase) => void) => Promise<void>;
  };
  readonly bus: ServerOptions;
}

/** Whether a service can do its work, for `/readyz` and the log: it requires its database, and can do without Redis. */
export class ServiceHealth {
  readonly readiness: Readiness;
  readonly database: PartHealth;
  /** Not checked here: the service's end of the bus keeps proving that hints flow, and reports the result. */
  readonly bus: PartHealth;
  readonly #options: ServiceHealthOptions;

  constructor(options: ServiceHealthOptions) {
    const { logger, warnings, database, bus } = options;
    this.#options = options;
    this.readiness = new Readiness({ logger, warnings });
    const title = 'The database';
    const servers = new ServerLog({ logger, fields: { part: 'database' }, title });
    this.database = new PartHealth({
      ...database,
      name: 'database',
      title,
      check: () =>
        database.check(({ server, warnings: found }) => {
          if (server !== undefined) servers.found(server);
          this.readiness.showWarnings('database', found);
        }),
      logger,
    });
    this.bus = new PartHealth({ ...bus, name: 'bus', title: 'Redis', logger });
    this.readiness.addPart(this.database, { isRequired: true });
    this.readiness.addPart(this.bus, { isRequired: false });
  }

  /** Reports a recurring activity of the service that needs the database. */
  databaseActivity(title: string): ActivityHealth {
    const { database, logger } = this.#options;
    return new ActivityHealth({ part: this.database, title, describe: database.describe, logger });
  }
}

import type { StoreCondition, StoreRisk } from '../../message-store.ts';
import { checkSchema, SCHEMA_VERSION } from '../schema/schema-version.ts';
import type { ServerFacts } from '../sessions/server-facts.ts';
import type { StoreConnections } from '../sessions/store-connections.ts';
import { conditionOf } from './server-condition.ts';
import { RowLockCheck } from './row-lock-check.ts';

const NO_RIGHT_NOTE =
  'its row locks were not checked, because the user may lock neither disconnect_head nor log_epoch';

/**
 * Whether the database can be used: the server behind the address, its schema, and its row locks. One session is looked
 * at; every other was checked when it was opened, and is replaced if the look finds a server to leave.
 */
export class DatabaseCheck {
  readonly #connections: StoreConnections;
  readonly #rowLocks: RowLockCheck;
  readonly #schemaVersionMin: number;
  #schemaVersion = 0;

  constructor(connections: StoreConnections, schemaVersionMin = SCHEMA_VERSION) {
    this.#connections = connections;
    this.#schemaVersionMin = schemaVersionMin;
    this.#rowLocks = new RowLockCheck(connections.writerSession);
  }

  /**
   * The schema that the last check found; 0 before the first. What needs a migration after SCHEMA_VERSION_BEFORE asks here
   * whether it is there yet.
   */
  get schemaVersion(): number {
    return this.#schemaVersion;
  }

  async run(signal: AbortSignal): Promise<StoreCondition> {
    const server = await this.#look(signal);
    if (server.readOnlyBy === undefined) await this.#rowLocks.check(server.identity, signal);
    else this.#connections.leaveServer();
    const condition = conditionOf(server, this.#rowLocks.lacksRight ? [NO_RIGHT_NOTE] : []);
    return { ...condition, risks: [...condition.risks, ...this.#schemaRisks()] };
  }

  /** While a release is rolled out, relay first. */
  #schemaRisks(): readonly StoreRisk[] {
    if (this.#schemaVersion >= SCHEMA_VERSION) return [];
    return [
      {
        key: 'schema_version',
        text: `The database's schema is version ${this.#schemaVersion}, that of the release before: what version ${SCHEMA_VERSION} adds is switched off until an API of this release has started.`,
      },
    ];
  }

  async #look(signal: AbortSignal): Promise<ServerFacts> {
    try {
      return await this.#connections.readers.use(signal, async (session) => {
        const server = await session.look();
        this.#schemaVersion = await checkSchema(session, this.#schemaVersionMin);
        return server;
      });
    } catch (error) {
      this.#connections.leaveServer();
      throw error;
    }
  }
}

import type { StoreCondition, StoreRisk } from '../../message-store.ts';
import { checkSchema, SCHEMA_VERSION } from '../schema/schema-version.ts';
import type { ServerFacts } from '../sessions/server-facts.ts';
import type { StoreConnections } from '../sessions/store-connections.ts';
import { conditionOf } from './server-condition.ts';
import { RowLockCheck } from './row-lock-check.ts';

const NO_RIGHT_NOTE =
  'its row locks were not checked, because the user may lock neither disconnect_head nor log_epoch';

/**
 * Checks whether the database can be used: the server behind the address, its schema and its row locks. It checks one
 * session. All others were checked when they were opened, and are replaced if this check finds a server that should not
 * be used.
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
   * The schema version that the last check found; 0 before the first check. Features that need a migration after
   * SCHEMA_VERSION_BEFORE check it here.
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

  /** Reports an older schema, which occurs while a release is rolled out to the relays first. */
  #schemaRisks(): readonly StoreRisk[] {
    if (this.#schemaVersion >= SCHEMA_VERSION) return [];
    return [
      {
        key: 'schema_version',
        text: `The database's schema is version ${this.#schemaVersion}, from the previous release. What version ${SCHEMA_VERSION} adds is disabled until an API of this release has started.`,
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

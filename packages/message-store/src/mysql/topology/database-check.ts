import type { StoreCondition } from '../../message-store.ts';
import { checkSchema } from '../schema/schema-version.ts';
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

  constructor(connections: StoreConnections) {
    this.#connections = connections;
    this.#rowLocks = new RowLockCheck(connections.writerSession);
  }

  async run(signal: AbortSignal): Promise<StoreCondition> {
    const server = await this.#look(signal);
    if (server.readOnlyBy === undefined) await this.#rowLocks.check(server.identity, signal);
    else this.#connections.leaveServer();
    return conditionOf(server, this.#rowLocks.lacksRight ? [NO_RIGHT_NOTE] : []);
  }

  async #look(signal: AbortSignal): Promise<ServerFacts> {
    try {
      return await this.#connections.readers.use(signal, async (session) => {
        const server = await session.look();
        await checkSchema(session);
        return server;
      });
    } catch (error) {
      this.#connections.leaveServer();
      throw error;
    }
  }
}

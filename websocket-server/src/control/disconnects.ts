import type { ClientToken } from '@postline/client-tokens';
import {
  type Disconnect,
  DISCONNECTS_PER_READ_MAX,
  type DisconnectStore,
  isTokenRevoked,
} from '@postline/message-store';
import { CLOSE_CODES } from '@postline/protocol';
import { BatchedReader } from '@postline/service-runtime';
import type { ClientDirectory } from '../connection/client-directory.ts';
import type { Connection } from '../connection/connection.ts';
import { readPatiently } from '../feeds/read-patiently.ts';
import { ControlLog } from './control-log.ts';

/** The latest disconnect of a client, and the position of the last one of all. */
export interface DisconnectReading {
  /** A connection that is admitted on this reading stays after every disconnect up to here, and after none beyond. */
  readonly head: number;
  readonly latest: Disconnect | undefined;
}

export interface DisconnectsOptions {
  readonly store: Pick<DisconnectStore, 'readDisconnects' | 'readDisconnectsAfter'>;
  readonly clients: Pick<ClientDirectory, 'connectionsOf'>;
}

/** Closes the connections of clients that the API disconnected, and tells which tokens that revoked. */
export class Disconnects {
  readonly channel = 'disconnects';
  readonly #clients: DisconnectsOptions['clients'];
  readonly #log: ControlLog<number, ReadonlyMap<string, Disconnect>>;
  readonly #reader: BatchedReader<DisconnectReading>;

  constructor({ store, clients }: DisconnectsOptions) {
    this.#clients = clients;
    this.#log = new ControlLog({
      readAfter: async (position) => {
        const { head, disconnects } = await store.readDisconnectsAfter(position);
        const hasMore = disconnects.size >= DISCONNECTS_PER_READ_MAX;
        return { changes: disconnects, cursor: hasMore ? lastPosition(disconnects) : head, hasMore };
      },
      onChanges: (disconnects) => {
        this.#closeAll(disconnects);
      },
      isBefore: (one, other) => one < other,
    });
    this.#reader = new BatchedReader({
      keysMax: DISCONNECTS_PER_READ_MAX,
      readBatch: async (clientIds) => {
        const { head, disconnects } = await store.readDisconnects(clientIds);
        this.#log.startFrom(head);
        return (clientId) => ({ head, latest: disconnects.get(clientId) });
      },
    });
  }

  /** For a client that is about to be admitted; read after the call. Rejects if the database does not answer. */
  read(clientId: string): Promise<DisconnectReading> {
    return this.#reader.read(clientId);
  }

  /** Whether another token of an open connection was revoked. Waits while the database is away. */
  async isRevoked(connection: Pick<Connection, 'state'>, token: ClientToken): Promise<boolean> {
    const isOpen = () => connection.state !== 'closed';
    const reading = await readPatiently(() => this.read(token.clientId), isOpen);
    return isTokenRevoked(token.issuedAt, reading?.latest);
  }

  look(): void {
    this.#log.look();
  }

  #closeAll(disconnects: ReadonlyMap<string, Disconnect>): void {
    for (const [clientId, { position }] of disconnects) {
      for (const connection of this.#clients.connectionsOf(clientId)) {
        if (position > connection.disconnectsSeen)
          connection.fail('disconnected', CLOSE_CODES.disconnectedByApi);
      }
    }
  }
}

function lastPosition(disconnects: ReadonlyMap<string, Disconnect>): number {
  return Math.max(...[...disconnects.values()].map(({ position }) => position));
}

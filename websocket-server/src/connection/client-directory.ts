import type { Connection } from './connection.ts';

export interface ClientDirectoryOptions {
  /** Connections of one client; `add` refuses any more. */
  readonly connectionsPerClientMax: number;
  /** The client's first connection on this relay was added. */
  readonly onFirst?: (clientId: string) => void;
  /** The client's last connection on this relay was removed. */
  readonly onLast?: (clientId: string) => void;
}

/** Which connections each client has on this relay, from authentication until they end. */
export class ClientDirectory {
  readonly #options: ClientDirectoryOptions;
  /** Most clients have one connection: a Set for each would cost more than the connection's own entry. */
  readonly #byClient = new Map<string, Connection | Set<Connection>>();

  constructor(options: ClientDirectoryOptions) {
    this.#options = options;
  }

  /** Clients with a connection. */
  get size(): number {
    return this.#byClient.size;
  }

  /** False if the client already has as many connections as it may have. */
  add(clientId: string, connection: Connection): boolean {
    const present = this.#byClient.get(clientId);
    if (countOf(present) >= this.#options.connectionsPerClientMax) return false;
    if (present === undefined) {
      this.#byClient.set(clientId, connection);
      this.#options.onFirst?.(clientId);
    } else if (present instanceof Set) {
      present.add(connection);
    } else {
      this.#byClient.set(clientId, new Set([present, connection]));
    }
    return true;
  }

  /** Does nothing if the connection was never added. */
  remove(clientId: string, connection: Connection): void {
    const present = this.#byClient.get(clientId);
    if (present instanceof Set) {
      present.delete(connection);
      if (present.size > 0) return;
    } else if (present !== connection) {
      return;
    }
    this.#byClient.delete(clientId);
    this.#options.onLast?.(clientId);
  }

  clientIds(): Iterable<string> {
    return this.#byClient.keys();
  }

  connectionsOf(clientId: string): Iterable<Connection> {
    const present = this.#byClient.get(clientId);
    if (present === undefined) return [];
    return present instanceof Set ? present : [present];
  }
}

function countOf(present: Connection | Set<Connection> | undefined): number {
  if (present === undefined) return 0;
  return present instanceof Set ? present.size : 1;
}

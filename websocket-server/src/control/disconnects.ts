import type { ClientToken } from '@postline/client-tokens';
import {
  type Disconnect,
  DISCONNECTS_PER_READ_MAX,
  type DisconnectStore,
  isWithdrawn,
} from '@postline/message-store';
import { BatchedReader } from '../feeds/batched-reader.ts';
import type { Connection } from '../connection/connection.ts';
import { readPatiently } from '../identifying/read-patiently.ts';

/** Where the log of disconnects stood, and the latest one of a client. */
export interface DisconnectReading {
  /** Whoever is let in on this reading stays through every disconnect up to here, and through none after. */
  readonly head: number;
  readonly latest: Disconnect | undefined;
}

export interface DisconnectsOptions {
  readonly store: Pick<DisconnectStore, 'readDisconnects' | 'readDisconnectsAfter'>;
  /** Clients that were disconnected, by id; the same may be told again. */
  readonly onDisconnects: (disconnects: ReadonlyMap<string, Disconnect>) => void;
}

/**
 * The clients that the API disconnected: a log like the others, with a cursor that follows it. Hints and the comparison
 * of heads say when to look; what is true is in the database.
 */
export class Disconnects {
  readonly #options: DisconnectsOptions;
  readonly #reader: BatchedReader<DisconnectReading>;
  /** Everything up to here was told; undefined until somebody was let in, whom alone a disconnect could concern. */
  #cursor: number | undefined;
  #looking = false;
  #wantedAgain = false;

  constructor(options: DisconnectsOptions) {
    this.#options = options;
    this.#reader = new BatchedReader({
      keysMax: DISCONNECTS_PER_READ_MAX,
      readBatch: async (clientIds) => {
        const { head, disconnects } = await options.store.readDisconnects(clientIds);
        this.#goBackTo(head);
        return (clientId) => ({ head, latest: disconnects.get(clientId) });
      },
    });
  }

  /** For a client that is to be let in; read after the call. Rejects where the database doesn't answer. */
  read(clientId: string): Promise<DisconnectReading> {
    return this.#reader.read(clientId);
  }

  /** Whether a further token of an open connection counts no longer. Waits while the database is away. */
  async haveWithdrawn(connection: Pick<Connection, 'state'>, token: ClientToken): Promise<boolean> {
    const isWaiting = () => connection.state !== 'closed';
    const reading = await readPatiently(() => this.read(token.clientId), isWaiting);
    return isWithdrawn(token.issuedAt, reading?.latest);
  }

  /** Looks for new ones; where that is under way, once more after it. What fails is found at the next look. */
  look(): void {
    this.#wantedAgain = true;
    if (!this.#looking) void this.#lookUntilDone();
  }

  /** Who is let in on this reading must hear of all that came after it, also where others have heard already. */
  #goBackTo(head: number): void {
    if (this.#cursor !== undefined && this.#cursor <= head) return;
    const isFirst = this.#cursor === undefined;
    this.#cursor = head;
    if (!isFirst)
      setImmediate(() => {
        this.look();
      }); // once those that wait for the reading are let in
  }

  async #lookUntilDone(): Promise<void> {
    this.#looking = true;
    try {
      while (this.#wantedAgain) {
        this.#wantedAgain = false;
        if (await this.#lookOnce()) this.#wantedAgain = true;
      }
    } catch {
      this.#wantedAgain = false; // the comparison tells that the database is away, and looks again
    } finally {
      this.#looking = false;
    }
  }

  /** True where there is more. */
  async #lookOnce(): Promise<boolean> {
    const from = this.#cursor;
    if (from === undefined) return false;
    const { head, disconnects } = await this.#options.store.readDisconnectsAfter(from);
    const isFull = disconnects.size >= DISCONNECTS_PER_READ_MAX;
    // Somebody was let in meanwhile on an older reading: what is between is looked at in the next turn.
    const wentBack = this.#cursor !== from;
    if (!wentBack) this.#cursor = isFull ? lastPosition(disconnects) : head;
    if (disconnects.size > 0) this.#options.onDisconnects(disconnects);
    return isFull || wentBack;
  }
}

function lastPosition(disconnects: ReadonlyMap<string, Disconnect>): number {
  return Math.max(...[...disconnects.values()].map(({ position }) => position));
}

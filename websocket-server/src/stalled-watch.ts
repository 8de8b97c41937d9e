import { CLOSE_CODES } from '@postline/protocol';
import type { Connection } from './connection.ts';

interface Progress {
  bytesTaken: number;
  since: number;
}

/** Watches the connections whose socket is full, and gives up on those that take nothing for too long. */
export class StalledWatch {
  readonly #noProgressMs: number;
  readonly #stalled = new Map<Connection, Progress>();

  constructor(noProgressMs: number) {
    this.#noProgressMs = noProgressMs;
  }

  get size(): number {
    return this.#stalled.size;
  }

  add(connection: Connection): void {
    if (this.#stalled.has(connection)) return;
    this.#stalled.set(connection, { bytesTaken: connection.socket.bytesTaken(), since: performance.now() });
  }

  remove(connection: Connection): void {
    this.#stalled.delete(connection);
  }

  /** Looks at each of them. Called every second or so. */
  sweep(): void {
    const now = performance.now();
    for (const [connection, progress] of this.#stalled) {
      const bytesTaken = connection.socket.bytesTaken();
      if (connection.socket.isWritable()) {
        this.#stalled.delete(connection);
      } else if (bytesTaken > progress.bytesTaken) {
        this.#stalled.set(connection, { bytesTaken, since: now });
      } else if (now - progress.since >= this.#noProgressMs) {
        this.#stalled.delete(connection);
        connection.fail('no_progress', CLOSE_CODES.noProgress);
      }
    }
  }
}

import { CLOSE_CODES } from '@postline/protocol';
import type { Connection } from './connection.ts';

/** The time limit while memory is short: longer than the silences of a line that still carries data. */
const NO_PROGRESS_WHILE_SHORT_MS = 5_000;

interface Progress {
  bytesTaken: number;
  since: number;
}

/** Closes connections whose socket is full and takes nothing for too long. */
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

  /** Checks each of them, with a shorter time limit while memory is short. To be called at least once a second. */
  sweep(isShort = false): void {
    const noProgressMs = isShort
      ? Math.min(NO_PROGRESS_WHILE_SHORT_MS, this.#noProgressMs)
      : this.#noProgressMs;
    const now = performance.now();
    for (const [connection, progress] of this.#stalled) {
      const bytesTaken = connection.socket.bytesTaken();
      if (connection.socket.isWritable()) {
        this.#stalled.delete(connection);
      } else if (bytesTaken > progress.bytesTaken) {
        this.#stalled.set(connection, { bytesTaken, since: now });
      } else if (now - progress.since >= noProgressMs) {
        this.#stalled.delete(connection);
        connection.fail('no_progress', CLOSE_CODES.noProgress);
      }
    }
  }
}

import type { Logger } from '@postline/service-runtime';
import type { Connection } from './connection.ts';

/** Logs at `debug`, the only level with client ids, when each connection opens and closes. */
export class ConnectionLog {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  opened({ id: connectionId }: Connection): void {
    this.#logger.debug({ connectionId }, 'connection opened');
  }

  closed({ id: connectionId, clientId, openedAt }: Connection, code: number): void {
    const durationMs = Math.round(performance.now() - openedAt);
    this.#logger.debug({ connectionId, clientId, code, durationMs }, 'connection closed');
  }
}

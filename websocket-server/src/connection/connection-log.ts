import type { Logger } from '@postline/service-runtime';
import type { Connection } from './connection.ts';

/** At `debug`, the only level with ids of clients: when each connection begins and how it ends. */
export class ConnectionLog {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  began({ id: connectionId }: Connection): void {
    this.#logger.debug({ connectionId }, 'connection opened');
  }

  ended({ id: connectionId, clientId, openedAt }: Connection, code: number): void {
    const durationMs = Math.round(performance.now() - openedAt);
    this.#logger.debug({ connectionId, clientId, code, durationMs }, 'connection closed');
  }
}

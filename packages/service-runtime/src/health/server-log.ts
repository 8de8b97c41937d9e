import type { Logger } from '../logging/logger.ts';

/** A server behind an address, which can change while the address stays the same. */
export interface FoundServer {
  /** Different for different servers. */
  readonly identity: string;
  /** The host and port that the server itself states. */
  readonly name: string;
  /** What it is, in a phrase. */
  readonly text: string;
}

export interface ServerLogOptions {
  readonly logger: Pick<Logger, 'info'>;
  /** On every line. */
  readonly fields: object;
  /** The subject of the lines: `The database`. */
  readonly title: string;
}

/** Logs which server was found behind an address, and each change. */
export class ServerLog {
  readonly #options: ServerLogOptions;
  #known: FoundServer | undefined;

  constructor(options: ServerLogOptions) {
    this.#options = options;
  }

  found(server: FoundServer): void {
    const { logger, fields, title } = this.#options;
    const known = this.#known;
    if (known?.identity === server.identity && known.text === server.text) return;
    this.#known = server;
    logger.info({ ...fields, server: server.name }, `${title} ${changeOf(known, server)}`);
  }
}

function changeOf(known: FoundServer | undefined, { identity, text }: FoundServer): string {
  if (known === undefined) return `is ${text}`;
  if (known.identity !== identity) return `is another server now: ${text}`;
  return `has changed: it is ${text} now`;
}

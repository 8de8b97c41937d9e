import type { Restart, Truncation } from './message.ts';
import type { PostlineError } from './postline-error.ts';

/** What a client is doing. Each state has only the fields that mean something in it. */
export type ClientState =
  /** There is no connection yet: the cursor, the token, the socket and the relay's first answer are on their way. */
  | { readonly state: 'connecting' }
  /** Connected; what was missed is on its way. */
  | {
      readonly state: 'catching-up';
      readonly connectionId: string;
      /** Messages that were in the log when the connection was there, and not yet received. */
      readonly missed: number;
    }
  /** Connected, and everything that was missed has been handled. */
  | { readonly state: 'live'; readonly connectionId: string }
  /** There is no connection, and there will be one again. */
  | {
      readonly state: 'waiting';
      /** Null where the next attempt waits for the message handler, not for a time. */
      readonly retryInMs: number | null;
      /** Why the last connection is over. */
      readonly error: PostlineError;
    }
  /** Over for good. `error` is undefined where `close()` or the signal asked for it. */
  | { readonly state: 'closed'; readonly error: PostlineError | undefined };

/** What a client tells, beside its messages. */
export interface ClientEvents {
  readonly state: ClientState;
  readonly truncated: Truncation;
  readonly restarted: Restart;
  readonly error: PostlineError;
}

interface Listening {
  readonly name: keyof ClientEvents;
  readonly listener: (event: never) => unknown;
}

/** Who listens to a client's events. */
export class ClientEventListeners {
  readonly #listenings = new Set<Listening>();

  add<Name extends keyof ClientEvents>(
    name: Name,
    listener: (event: ClientEvents[Name]) => unknown,
  ): () => void {
    const listening = { name, listener };
    this.#listenings.add(listening);
    return () => void this.#listenings.delete(listening);
  }

  /** A listener that throws is its own page's error: it is told like any other, and stops nothing here. */
  tell<Name extends keyof ClientEvents>(name: Name, event: ClientEvents[Name]): void {
    for (const listening of [...this.#listenings]) {
      try {
        if (listening.name === name) listening.listener(event as never);
      } catch (error) {
        setTimeout(() => {
          throw error;
        });
      }
    }
  }
}

import type { Followed, Restart, Truncation, Unfollowed } from './message.ts';
import type { PostlineError } from './postline-error.ts';

/** What a client is doing. Each state has the fields that mean something in it, and no others. */
export type ClientState =
  /** Not connected yet: loading the cursor and the token, opening the socket, waiting for the relay's first answer. */
  | { readonly state: 'connecting' }
  /** Connected, and receiving what was missed. */
  | {
      readonly state: 'catching-up';
      readonly connectionId: string;
      /** Messages that were in the log when the connection began, and had not been received. */
      readonly missed: number;
    }
  /** Connected, and everything that was missed has been handled. */
  | { readonly state: 'live'; readonly connectionId: string }
  /** Not connected, and about to connect again. */
  | {
      readonly state: 'waiting';
      /** Null if the next attempt waits for the message handler, not for a time. */
      readonly retryInMs: number | null;
      /** Why the last connection ended. */
      readonly error: PostlineError;
    }
  /** Closed for good. `error` is undefined if `close()` or the signal ended it. */
  | { readonly state: 'closed'; readonly error: PostlineError | undefined };

/** The events of a client, apart from its messages. */
export interface ClientEvents {
  readonly state: ClientState;
  readonly truncated: Truncation;
  readonly restarted: Restart;
  readonly followed: Followed;
  readonly unfollowed: Unfollowed;
  readonly error: PostlineError;
}

interface Listening {
  readonly name: keyof ClientEvents;
  readonly listener: (event: never) => unknown;
}

/** The listeners of a client's events. */
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

  /** An error thrown by a listener is reported as uncaught, like any error of the page, and stops nothing here. */
  emit<Name extends keyof ClientEvents>(name: Name, event: ClientEvents[Name]): void {
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

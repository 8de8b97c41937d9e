import type { ClientState } from './client-state.ts';
import type { Restart, Truncation } from './message.ts';
import type { PostlineError } from './postline-error.ts';

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

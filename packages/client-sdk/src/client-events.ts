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

type Listener<Name extends keyof ClientEvents> = (event: ClientEvents[Name]) => void;
type Listeners = { readonly [Name in keyof ClientEvents]: Set<Listener<Name>> };

/** Who listens to a client's events. */
export class ClientEventListeners {
  readonly #listeners: Listeners = {
    state: new Set(),
    truncated: new Set(),
    restarted: new Set(),
    error: new Set(),
  };

  add<Name extends keyof ClientEvents>(name: Name, listener: Listener<Name>): () => void {
    const listeners: Set<Listener<Name>> = this.#listeners[name];
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** A listener that throws is its own page's error: it is told like any other, and stops nothing here. */
  tell<Name extends keyof ClientEvents>(name: Name, event: ClientEvents[Name]): void {
    const listeners: Set<Listener<Name>> = this.#listeners[name];
    for (const listener of [...listeners]) {
      try {
        listener(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

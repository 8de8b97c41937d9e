import type { Followed, Message, Restart, Truncation, Unfollowed } from './message.ts';
import { requireOption } from './option-checks.ts';
import type { PostlineError } from './postline-error.ts';

/** What a client is doing. Each state has the fields that mean something in it, and no others. */
export type ClientState =
  /** Not connected until `connect()`: `disconnect()` was called, or `autoConnect` is false. */
  | { readonly state: 'disconnected' }
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

/** Everything that `on`, `once` and `off` accept. */
interface ClientEventsAndMessages<Payload> extends ClientEvents {
  readonly message: Message<Payload>;
}

/**
 * Receives what happens in a client: `sent` and `received` with a frame (or the text of one that is not known), and the
 * client's events by their names. `text` is a received frame as it came. Tokens are replaced by `…`.
 */
export type DebugListener = (what: string, detail: unknown, text?: string) => void;

export type EventName = keyof ClientEventsAndMessages<unknown>;
export type EventListenerOf<Payload, Name extends EventName> = (
  event: ClientEventsAndMessages<Payload>[Name],
) => unknown;
type Listener = (event: never) => unknown;

const NAMES: Readonly<Record<EventName, 1>> = {
  message: 1,
  state: 1,
  truncated: 1,
  restarted: 1,
  followed: 1,
  unfollowed: 1,
  error: 1,
};

export interface Registration {
  readonly name: EventName;
  readonly listener: Listener;
  /** It ends with its first event, or with the first message that it has handled. */
  readonly isOnce: boolean;
}

/** The listeners of a client's events, and the handlers of its messages. */
export class ClientEventListeners {
  readonly #registrations = new Set<Registration>();
  readonly #debug: DebugListener | undefined;

  constructor(debug?: DebugListener | boolean) {
    // <not in the script>
    this.#debug =
      debug === true ? (what, detail) => console.log('postline', what, detail) : debug || undefined;
    // </not in the script>
  }

  /** Throws a TypeError for an unknown name. Returns a function that removes the listener. */
  add(name: EventName, listener: Listener, isOnce: boolean): () => void {
    checkListener(name, listener);
    const registration = { name, listener, isOnce };
    this.#registrations.add(registration);
    return () => this.end(registration);
  }

  end(registration: Registration): void {
    this.#registrations.delete(registration);
  }

  // <not in the script>
  /** Throws a TypeError for an unknown name. */
  remove(name: EventName, listener: Listener): void {
    checkListener(name, listener);
    for (const registration of this.#registrations)
      if (registration.name === name && registration.listener === listener) this.end(registration);
  }
  // </not in the script>

  /** The first message handler that is not one of these. */
  handlerBeside(others: ReadonlySet<Registration>): Registration | undefined {
    return [...this.#registrations].find(
      (registration) => registration.name === 'message' && !others.has(registration),
    );
  }

  /** An error event that nobody listens to is printed, because a client that fails in silence puzzles its developer. */
  emit<Name extends keyof ClientEvents>(name: Name, event: ClientEvents[Name]): void {
    // <not in the script>
    this.debug(name, event);
    // </not in the script>
    const heard = [...this.#registrations].filter((registration) => registration.name === name);
    for (const registration of heard) {
      // <not in the script>
      if (registration.isOnce) this.end(registration);
      // </not in the script>
      guarded(() => registration.listener(event as never));
    }
    // <not in the script>
    // Not every platform has a console.
    if (name === 'error' && heard.length === 0) (globalThis as { console?: Console }).console?.error(event);
    // </not in the script>
  }

  // <not in the script>
  debug(...line: Parameters<DebugListener>): void {
    guarded(() => this.#debug?.(...line));
  }
  // </not in the script>
}

function checkListener(name: EventName, listener: Listener): void {
  if (!Object.hasOwn(NAMES, name)) throw new TypeError(`unknown event ${name}`);
  // <not in the script>
  requireOption(typeof listener === 'function', 'listener');
  // </not in the script>
}

/** An error thrown by the application is reported as uncaught, like any error of the page, and stops nothing here. */
function guarded(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
  }
}

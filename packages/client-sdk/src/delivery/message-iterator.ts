import type { Message } from '../message.ts';
import { LEFT_UNHANDLED, type MessageHandler } from './message-handlers.ts';

/** The part of a client that an iterator needs. */
export interface MessageSource<Payload> {
  addHandler(handler: MessageHandler<Payload>): () => void;
  /** Calls the listener when the client closes, or at once if it is closed. Returns a function that removes it. */
  onClosed(listener: (error: Error | undefined) => void): () => void;
}

interface GivenMessage<Payload> {
  readonly message: Message<Payload>;
  readonly settle: (answer?: typeof LEFT_UNHANDLED) => void;
}

/**
 * The messages for a `for await` loop. A message counts as handled when the loop requests the next one; a loop that
 * ends by `break` or by an error has not handled its last one. The iteration ends when the client closes, and throws if
 * an error closed it.
 */
export async function* iterateMessages<Payload>(
  source: MessageSource<Payload>,
): AsyncGenerator<Message<Payload>, undefined, undefined> {
  /** The next message waits until this one is handled, so there is one at a time. */
  let given: GivenMessage<Payload> | undefined;
  let closed: { readonly error: Error | undefined } | undefined;
  let wake: () => void = () => undefined;
  const removeHandler = source.addHandler(
    (message) =>
      new Promise((settle) => {
        given = { message, settle };
        wake();
      }),
  );
  const removeListener = source.onClosed((error) => {
    closed = { error };
    wake();
  });
  try {
    for (;;) {
      if (closed?.error !== undefined) throw closed.error;
      if (closed !== undefined) return undefined;
      if (given === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const { message, settle } = given;
      yield message;
      given = undefined;
      settle();
    }
  } finally {
    removeHandler();
    removeListener();
    given?.settle(LEFT_UNHANDLED);
  }
}

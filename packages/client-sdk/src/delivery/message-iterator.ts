import type { Message } from '../message.ts';
import { LEFT_UNHANDLED, type MessageHandler } from './message-handlers.ts';

/** What an iterator asks of its client. */
export interface MessageSource<Payload> {
  addHandler(handler: MessageHandler<Payload>): () => void;
  /** Calls once when the client is closed, at once where it is already; what it returns ends that. */
  onClosed(listener: (error: Error | undefined) => void): () => void;
}

interface GivenMessage<Payload> {
  readonly message: Message<Payload>;
  readonly settle: (answer?: typeof LEFT_UNHANDLED) => void;
}

/**
 * The messages as `for await` takes them. One counts as handled when the loop asks for the next; a loop that is left
 * by `break` or by an error has not handled the one it was at. It ends when the client is closed, with the error
 * where there was one.
 */
export async function* iterateMessages<Payload>(
  source: MessageSource<Payload>,
): AsyncGenerator<Message<Payload>, undefined, undefined> {
  const given: GivenMessage<Payload>[] = [];
  let closed: { readonly error: Error | undefined } | undefined;
  let wake: () => void = () => undefined;
  const removeHandler = source.addHandler(
    (message) =>
      new Promise((settle) => {
        given.push({ message, settle });
        wake();
      }),
  );
  const unhear = source.onClosed((error) => {
    closed = { error };
    wake();
  });
  try {
    for (;;) {
      if (closed?.error !== undefined) throw closed.error;
      if (closed !== undefined) return undefined;
      const next = given[0];
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      yield next.message;
      given.shift();
      next.settle();
    }
  } finally {
    removeHandler();
    unhear();
    for (const { settle } of given) settle(LEFT_UNHANDLED);
  }
}

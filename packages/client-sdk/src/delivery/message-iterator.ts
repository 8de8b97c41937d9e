import type { ClientState } from '../client-events.ts';
import type { Message, MessageHandler } from '../message.ts';

/** Returned by a handler that ends without having handled its message: the next handler receives it. */
export const LEFT_UNHANDLED: unique symbol = Symbol();

/** The part of a client that an iterator needs. */
interface MessageSource<Payload> {
  readonly state: ClientState;
  on(name: 'message', handler: MessageHandler<Payload>): () => void;
  on(name: 'state', listener: () => unknown): () => void;
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
  let wake: () => void = () => undefined;
  const removeHandler = source.on(
    'message',
    (message) =>
      new Promise((settle) => {
        given = { message, settle };
        wake();
      }),
  );
  const removeListener = source.on('state', () => wake());
  try {
    for (;;) {
      const { state } = source;
      if (state.state === 'closed') {
        if (state.error !== undefined) throw state.error;
        return undefined;
      }
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

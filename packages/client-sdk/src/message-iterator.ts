import type { Message } from './message.ts';
import { LEFT_UNHANDLED, type MessageHandler } from './message-handlers.ts';

/** What an iterator asks of its client. */
export interface MessageSource<Payload> {
  addHandler(handler: MessageHandler<Payload>): () => void;
  /** Calls once when the client is closed, at once where it is already; what it returns ends that. */
  onClosed(listener: (error: Error | undefined) => void): () => void;
}

interface GivenMessage<Payload> {
  readonly message: Message<Payload>;
  /** The loop is at it. */
  isTaken: boolean;
  readonly settle: (answer?: typeof LEFT_UNHANDLED) => void;
}

interface WaitingLoop<Payload> {
  readonly resolve: (result: IteratorResult<Message<Payload>, undefined>) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The messages as `for await` takes them. One counts as handled when the loop asks for the next; a loop that is left
 * by `break` or by an error has not handled the one it was at. It ends when the client is closed, with the error
 * where there was one.
 */
export class MessageIterator<Payload> implements AsyncIterator<Message<Payload>, undefined> {
  readonly #leave: () => void;
  #given: GivenMessage<Payload> | undefined;
  #waiting: WaitingLoop<Payload> | undefined;
  #isEnded = false;
  #error: Error | undefined;

  constructor(source: MessageSource<Payload>) {
    const removeHandler = source.addHandler(
      (message) =>
        new Promise((settle) => {
          this.#given = { message, isTaken: false, settle };
          this.#give();
        }),
    );
    const unhear = source.onClosed((error) => this.#end(error));
    this.#leave = () => {
      removeHandler();
      unhear();
    };
  }

  next(): Promise<IteratorResult<Message<Payload>, undefined>> {
    if (this.#given?.isTaken === true) {
      this.#given.settle();
      this.#given = undefined;
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#give();
    });
  }

  return(): Promise<IteratorResult<Message<Payload>, undefined>> {
    this.#leave();
    this.#isEnded = true;
    this.#given?.settle(LEFT_UNHANDLED);
    this.#given = undefined;
    return Promise.resolve({ done: true, value: undefined });
  }

  #end(error: Error | undefined): void {
    this.#isEnded = true;
    this.#error = error;
    this.#give();
  }

  /** Gives the loop that waits what there is for it. */
  #give(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    if (this.#isEnded) {
      this.#waiting = undefined;
      const error = this.#error;
      this.#error = undefined;
      if (error === undefined) waiting.resolve({ done: true, value: undefined });
      else waiting.reject(error);
    } else if (this.#given !== undefined) {
      this.#waiting = undefined;
      this.#given.isTaken = true;
      waiting.resolve({ done: false, value: this.#given.message });
    }
  }
}

import type { Environment } from '../platform/environment.ts';
import type { Message } from '../message.ts';
import { type RetryWidths, retryDelayMs } from '../retry-policy.ts';

/** May be async: the next message waits until it resolves, and then the cursor moves. */
export type MessageHandler<Payload> = (message: Message<Payload>) => unknown;

/** Returned by a handler that ends without having handled its message: the next handler receives it. */
export const LEFT_UNHANDLED: unique symbol = Symbol();

interface MessageHandlersParts extends RetryWidths {
  readonly environment: Environment;
}

/** The message handlers of a client. Each message goes to each of them, one after the other. */
export class MessageHandlers<Payload> {
  readonly #parts: MessageHandlersParts;
  readonly #handlers = new Set<MessageHandler<Payload>>();
  #isStopped = false;
  #wake: () => void = () => undefined;

  constructor(parts: MessageHandlersParts) {
    this.#parts = parts;
  }

  add(handler: MessageHandler<Payload>): () => void {
    const own: MessageHandler<Payload> = (message) => handler(message);
    this.#handlers.add(own);
    this.#wake();
    return () => void this.#handlers.delete(own);
  }

  /** Calls no further handler; a running one may finish. */
  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  /**
   * Resolves with true when every handler has handled the message, and waits for one if there is none yet; with false
   * if the client stops before. `onFailed` receives the error of a handler; true calls the handler again after a while,
   * unless `isWanted` says that the message is not wanted any more (undefined).
   */
  async handle(
    message: Message<Payload>,
    onFailed: (error: unknown) => boolean,
    isWanted: () => boolean,
  ): Promise<boolean | undefined> {
    const done = new Set<MessageHandler<Payload>>();
    let failures = 0;
    for (;;) {
      const next = [...this.#handlers].find((handler) => !done.has(handler));
      if (next === undefined && done.size > 0) return true;
      if (this.#isStopped) return false;
      if (!isWanted()) return undefined;
      if (next === undefined) {
        await this.#pause(undefined);
        continue;
      }
      try {
        if ((await next(message)) !== LEFT_UNHANDLED) done.add(next);
      } catch (error) {
        if (!onFailed(error)) return false;
        failures += 1;
        await this.#pause(retryDelayMs(failures, this.#parts, this.#parts.environment.random));
      }
    }
  }

  /** Waits until the time is over (if there is one), a handler is added, or the client stops. */
  async #pause(milliseconds: number | undefined): Promise<void> {
    if (this.#isStopped) return;
    let cancelTimer: () => void = () => undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (milliseconds !== undefined) cancelTimer = this.#parts.environment.after(milliseconds, resolve);
    });
    cancelTimer();
  }
}

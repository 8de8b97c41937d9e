import type { NewMessageFrame } from '@postline/protocol';
import type { CursorKeeper } from './cursor-keeper.ts';
import type { Environment } from './environment.ts';
import { Inbox } from './inbox.ts';
import { type InboxStep, unitsOfStep } from './inbox-step.ts';
import type { Message, Restart, Truncation } from './message.ts';
import { MessageHandlers } from './message-handlers.ts';
import { type PayloadParser, parsePayload } from './payload-parser.ts';
import { type FailedMessage, PostlineError } from './postline-error.ts';
import type { RetryWidths } from './reconnect-policy.ts';

/** A handler that is at work when the client is closed is waited for this long, so that its message is acked. */
const LAST_HANDLER_MS_MAX = 5_000;

export interface MessageDeliveryParts<Payload> extends RetryWidths {
  readonly environment: Environment;
  readonly cursor: CursorKeeper;
  readonly parser: PayloadParser<Payload> | undefined;
  readonly onHandlerError: 'retry' | 'stop';
  readonly onParseError: 'skip' | 'stop';
  readonly inboxMessagesMax: number;
  readonly inboxUnitsMax: number;
  readonly listener: MessageDeliveryListener;
}

interface MessageDeliveryListener {
  /** The cursor has moved. `restarts`: how many restarts of the logs came before it. */
  onMoved(targetId: string, offset: number, restarts: number): void;
  onRestarted(restart: Restart): void;
  onTruncated(truncation: Truncation): void;
  onError(error: PostlineError): void;
  /** A message can't be handled, and is not to be passed over. */
  onFatal(error: PostlineError): void;
  /** Everything that was received has been handled. */
  onEmpty(): void;
  /** The inbox was full, and is half empty again. */
  onRoom(): void;
}

/** From what was received to what has been handled: in order, one after the other, the cursor last. */
export class MessageDelivery<Payload> {
  readonly handlers: MessageHandlers<Payload>;
  readonly #parts: MessageDeliveryParts<Payload>;
  readonly #inbox: Inbox<InboxStep>;
  #current: FailedMessage | undefined;
  #isStopped = false;

  constructor(parts: MessageDeliveryParts<Payload>) {
    this.#parts = parts;
    this.handlers = new MessageHandlers({ ...parts, onFailed: (cause) => this.#onHandlerFailed(cause) });
    this.#inbox = new Inbox({
      messagesMax: parts.inboxMessagesMax,
      unitsMax: parts.inboxUnitsMax,
      unitsOf: unitsOfStep,
      take: (step) => this.#take(step),
      onEmpty: () => parts.listener.onEmpty(),
      onRoom: () => parts.listener.onRoom(),
    });
  }

  get isEmpty(): boolean {
    return this.#inbox.isEmpty;
  }

  /** Takes it in any case; false where the inbox is full now. */
  push(step: InboxStep): boolean {
    return this.#inbox.push(step);
  }

  /** Nothing more is begun. Resolves when what was at work has ended, or has taken too long to be waited for. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.handlers.stop();
    let cancelTimer: () => void = () => undefined;
    const isLate = new Promise<void>((resolve) => {
      cancelTimer = this.#parts.environment.after(LAST_HANDLER_MS_MAX, resolve);
    });
    await Promise.race([this.#inbox.settled, isLate]);
    cancelTimer();
  }

  async #take(step: InboxStep): Promise<boolean> {
    const { cursor, listener } = this.#parts;
    if (this.#isStopped) return false;
    switch (step.kind) {
      case 'start':
        for (const restart of step.start.restarts) listener.onRestarted(restart);
        await cursor.start(step.start.cursor);
        return true;
      case 'truncated': {
        const { targetId, from, to } = step.frame;
        listener.onTruncated({ targetId, from, to });
        await this.#move(targetId, to, step.restarts);
        return true;
      }
      case 'message':
        if (!(await this.#handle(step.frame, step.missed))) return false;
        await this.#move(step.frame.targetId, step.frame.offset, step.restarts);
        return true;
    }
  }

  async #move(targetId: string, offset: number, restarts: number): Promise<void> {
    await this.#parts.cursor.move(targetId, offset);
    this.#parts.listener.onMoved(targetId, offset, restarts);
  }

  async #handle(frame: NewMessageFrame, missed: boolean): Promise<boolean> {
    const { id, targetId, offset, epoch, data, createdAt } = frame;
    const fields = { id, targetId, offset, epoch, data, createdAt };
    this.#current = fields;
    let message: Message<Payload>;
    try {
      message = { ...fields, data: parsePayload(this.#parts.parser, fields.data), missed };
    } catch (cause) {
      return this.#onParseFailed(fields, cause);
    }
    return this.handlers.handle(message);
  }

  /** True where the message is passed over. */
  #onParseFailed(failedMessage: FailedMessage, cause: unknown): boolean {
    const words = `Message ${failedMessage.offset} could not be parsed.`;
    const error = new PostlineError('parse_failed', words, { failedMessage, cause });
    return this.#report(error, this.#parts.onParseError === 'skip');
  }

  /** True where the handler gets the message again. */
  #onHandlerFailed(cause: unknown): boolean {
    const failedMessage = this.#current;
    const words = `The handler of message ${failedMessage?.offset ?? 0} failed.`;
    const error = new PostlineError('handler_failed', words, {
      ...(failedMessage && { failedMessage }),
      cause,
    });
    return this.#report(error, this.#parts.onHandlerError === 'retry');
  }

  #report(error: PostlineError, goesOn: boolean): boolean {
    if (goesOn) this.#parts.listener.onError(error);
    else this.#parts.listener.onFatal(error);
    return goesOn;
  }
}

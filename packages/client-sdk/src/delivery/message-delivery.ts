import type { ClientEventListeners } from '../client-events.ts';
import type { CursorKeeper } from '../cursor/cursor-keeper.ts';
import type { TargetPosition } from '../cursor/stream-position.ts';
import type { Environment } from '../platform/environment.ts';
import { Inbox, type InboxStep, type MessageStep } from './inbox.ts';
import { type Message, parsePayload, type PayloadParser } from '../message.ts';
import { MessageHandlers } from './message-handlers.ts';
import { markOf } from '../cursor/cursor.ts';
import { type FailedMessage, PostlineError } from '../postline-error.ts';
import type { RetryWidths } from '../retry-policy.ts';

/** How long a closing client waits for a running handler, so that its message is acknowledged. */
const LAST_HANDLER_MS_MAX = 5_000;

export interface MessageDeliveryParts<Payload> extends RetryWidths {
  readonly environment: Environment;
  readonly events: ClientEventListeners;
  readonly keeper: CursorKeeper;
  readonly parse?: PayloadParser<Payload>;
  readonly onHandlerError?: 'retry' | 'stop';
  readonly onParseError?: 'skip' | 'stop';
  readonly inboxMessagesMax: number;
  readonly inboxUnitsMax: number;
  /** The cursor has moved to `offset`. */
  readonly onMoved: (position: TargetPosition, offset: number) => void;
  /** A message failed, and the options say to stop. */
  readonly onFatal: (error: PostlineError) => void;
  /** Every received message has been handled. */
  readonly onEmpty: () => void;
  /** The inbox was full, and is half empty again. */
  readonly onRoom: () => void;
}

/** Takes received messages to their handlers: in order, one at a time, and moves the cursor last. */
export class MessageDelivery<Payload> {
  readonly handlers: MessageHandlers<Payload>;
  readonly #parts: MessageDeliveryParts<Payload>;
  readonly #inbox: Inbox;
  #isStopped = false;

  constructor(parts: MessageDeliveryParts<Payload>) {
    this.#parts = parts;
    this.handlers = new MessageHandlers(parts);
    this.#inbox = new Inbox({ ...parts, take: (step) => this.#take(step) });
  }

  get isEmpty(): boolean {
    return this.#inbox.isEmpty;
  }

  /** Always takes the step; false if the inbox is full now. */
  push(step: InboxStep): boolean {
    return this.#inbox.push(step);
  }

  /** Starts nothing more. Resolves when the running handler has finished, or has taken too long. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.handlers.stop();
    await new Promise<void>((resolve) => {
      const cancelTimer = this.#parts.environment.after(LAST_HANDLER_MS_MAX, resolve);
      void this.#inbox.settled.then(cancelTimer).then(resolve);
    });
  }

  async #take(step: InboxStep): Promise<boolean> {
    const { keeper, events, onMoved } = this.#parts;
    if (this.#isStopped) return false;
    switch (step.kind) {
      case 'start':
        for (const restart of step.restarts) events.emit('restarted', restart);
        await step.moveCursor();
        return true;
      case 'truncated': {
        const { position, frame } = step;
        if (position.isDropped) return true;
        const { type, ...truncation } = frame;
        events.emit('truncated', truncation);
        await keeper.move(frame.targetId, frame.to);
        onMoved(position, frame.to);
        return true;
      }
      case 'message': {
        const { position, frame } = step;
        const { targetId, offset } = frame;
        const isHandled = await this.#handle(step);
        if (isHandled !== true) return isHandled === undefined;
        await keeper.move(targetId, offset, markOf(frame));
        onMoved(position, offset);
        return true;
      }
    }
  }

  /** Undefined if the message is not wanted any more. */
  async #handle({ frame, missed, position }: MessageStep): Promise<boolean | undefined> {
    if (position.isDropped) return undefined;
    const { type, ...fields } = frame;
    let message: Message<Payload>;
    try {
      message = { ...fields, data: parsePayload(this.#parts.parse, fields.data), missed };
    } catch (cause) {
      return this.#onFailed('parse_failed', fields, cause);
    }
    return this.handlers.handle(
      message,
      (cause) => this.#onFailed('handler_failed', fields, cause),
      () => !position.isDropped,
    );
  }

  /** True if the client continues: without this message, or with another attempt. */
  #onFailed(code: 'parse_failed' | 'handler_failed', failedMessage: FailedMessage, cause: unknown): boolean {
    const { onParseError, onHandlerError, events, onFatal } = this.#parts;
    const error = new PostlineError(code, { failedMessage, cause });
    const mayContinue = (code === 'parse_failed' ? onParseError : onHandlerError) !== 'stop';
    if (mayContinue) events.emit('error', error);
    else onFatal(error);
    return mayContinue;
  }
}

import type { NewMessageFrame } from '@postline/protocol';
import type { ClientEventListeners } from '../client-events.ts';
import type { CursorKeeper } from '../cursor/cursor-keeper.ts';
import type { Environment } from '../platform/environment.ts';
import { Inbox, type InboxStep } from './inbox.ts';
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
  readonly cursor: CursorKeeper;
  readonly parse?: PayloadParser<Payload>;
  readonly onHandlerError?: 'retry' | 'stop';
  readonly onParseError?: 'skip' | 'stop';
  readonly inboxMessagesMax: number;
  readonly inboxUnitsMax: number;
  /** The cursor has moved. `restarts`: how many restarts of the logs happened before. */
  readonly onMoved: (targetId: string, offset: number, restarts: number) => void;
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
    let cancelTimer: () => void = () => undefined;
    const isLate = new Promise<void>((resolve) => {
      cancelTimer = this.#parts.environment.after(LAST_HANDLER_MS_MAX, resolve);
    });
    await Promise.race([this.#inbox.settled, isLate]);
    cancelTimer();
  }

  async #take(step: InboxStep): Promise<boolean> {
    const { cursor, events, onMoved } = this.#parts;
    if (this.#isStopped) return false;
    switch (step.kind) {
      case 'start':
        for (const restart of step.start.restarts) events.emit('restarted', restart);
        await cursor.start(step.start.cursor);
        return true;
      case 'truncated': {
        const { targetId, from, to } = step.frame;
        events.emit('truncated', { targetId, from, to });
        await cursor.move(targetId, to);
        onMoved(targetId, to, step.restarts);
        return true;
      }
      case 'message': {
        const { frame } = step;
        const { targetId, offset } = frame;
        if (!(await this.#handle(frame, step.missed))) return false;
        await cursor.move(targetId, offset, markOf(frame));
        onMoved(targetId, offset, step.restarts);
        return true;
      }
    }
  }

  async #handle(frame: NewMessageFrame, missed: boolean): Promise<boolean> {
    const { type, ...fields } = frame;
    let message: Message<Payload>;
    try {
      message = { ...fields, data: parsePayload(this.#parts.parse, fields.data), missed };
    } catch (cause) {
      return this.#onFailed('parse_failed', fields, cause);
    }
    return this.handlers.handle(message, (cause) => this.#onFailed('handler_failed', fields, cause));
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

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

/** A handler that is at work when the client is closed is waited for this long, so that its message is acked. */
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
  /** The cursor has moved. `restarts`: how many restarts of the logs came before it. */
  readonly onMoved: (targetId: string, offset: number, restarts: number) => void;
  /** A message can't be handled, and is not to be passed over. */
  readonly onFatal: (error: PostlineError) => void;
  /** Everything that was received has been handled. */
  readonly onEmpty: () => void;
  /** The inbox was full, and is half empty again. */
  readonly onRoom: () => void;
}

/** From what was received to what has been handled: in order, one after the other, the cursor last. */
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
    const { cursor, events, onMoved } = this.#parts;
    if (this.#isStopped) return false;
    switch (step.kind) {
      case 'start':
        for (const restart of step.start.restarts) events.tell('restarted', restart);
        await cursor.start(step.start.cursor);
        return true;
      case 'truncated': {
        const { targetId, from, to } = step.frame;
        events.tell('truncated', { targetId, from, to });
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

  /** True where the client goes on: without this message, or with another attempt at it. */
  #onFailed(code: 'parse_failed' | 'handler_failed', failedMessage: FailedMessage, cause: unknown): boolean {
    const { onParseError, onHandlerError, events, onFatal } = this.#parts;
    const error = new PostlineError(code, { failedMessage, cause });
    const goesOn = (code === 'parse_failed' ? onParseError : onHandlerError) !== 'stop';
    if (goesOn) events.tell('error', error);
    else onFatal(error);
    return goesOn;
  }
}

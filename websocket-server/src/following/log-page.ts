import type { LogSlice, StoredMessage } from '@postline/message-store';
import { encodeNewMessage } from '@postline/protocol';

/** One message of a page, encoded once, when it is first sent; all readers of the page share the text. */
class LogFrame {
  readonly offset: number;
  readonly #epoch: string;
  #content: StoredMessage | string;

  constructor(message: StoredMessage, epoch: string) {
    this.offset = message.offset;
    this.#epoch = epoch;
    this.#content = message;
  }

  /** The `new_message` frame. As JSON a text can take six times its bytes. */
  get text(): string {
    if (typeof this.#content === 'string') return this.#content;
    this.#content = encodeNewMessage(this.#content, this.#epoch);
    return this.#content;
  }
}

/** A part of a target's log, ready to send. */
export interface LogPage {
  readonly epoch: string;
  readonly head: number;
  readonly frames: readonly LogFrame[];
  /** False if the page holds all messages up to `head`. */
  readonly hasMore: boolean;
  /** Cost of the read, in bytes. */
  readonly cost: number;
}

/** Time of a read without rows, and of a row without its text, as bytes that take the same time. */
const READ_COST_BYTES = 4_096;
const ROW_COST_BYTES = 256;

export function logPageOf({ epoch, head, messages, hasMore }: LogSlice): LogPage {
  const texts = messages.reduce((sum, { message }) => sum + message.length, 0);
  return {
    epoch,
    head,
    frames: messages.map((message) => new LogFrame(message, epoch)),
    hasMore,
    cost: READ_COST_BYTES + messages.length * ROW_COST_BYTES + texts,
  };
}

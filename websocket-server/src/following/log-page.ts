import type { LogSlice, StoredMessage } from '@postline/message-store';
import { encodeNewMessage } from '@postline/protocol';

/** One message of a page; encoded when somebody first sends it, once, whoever reads the page. */
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

/** A part of a target's log, ready to be sent. */
export interface LogPage {
  readonly epoch: string;
  readonly head: number;
  readonly frames: readonly LogFrame[];
  /** False if the page holds all messages up to `head`. */
  readonly hasMore: boolean;
  /** What reading it took, in bytes. */
  readonly cost: number;
}

/** What a read takes without any row, and what a row takes without its text, put as bytes that take as long. */
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

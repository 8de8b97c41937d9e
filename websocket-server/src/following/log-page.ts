import type { EarlierLogSlice, LogSlice, StoredMessage } from '@postline/message-store';
import { encodeHistoryEntry, encodeNewMessage } from '@postline/protocol';

/** One message of a page, encoded once, when it is first sent; all readers of the page share the text. */
class PageEntry {
  readonly offset: number;
  readonly createdAt: string;
  readonly #encode: (message: StoredMessage) => string;
  #content: StoredMessage | string;

  constructor(message: StoredMessage, encode: (message: StoredMessage) => string) {
    this.offset = message.offset;
    this.createdAt = message.createdAt;
    this.#encode = encode;
    this.#content = message;
  }

  /** As JSON a text can take six times its bytes. */
  get text(): string {
    if (typeof this.#content === 'string') return this.#content;
    this.#content = this.#encode(this.#content);
    return this.#content;
  }
}

/** A part of a target's log, ready to send. */
export interface LogPage {
  readonly epoch: string;
  readonly head: number;
  /** Its messages as `new_message` frames. */
  readonly frames: readonly PageEntry[];
  /** False if the page holds all messages up to `head`. */
  readonly hasMore: boolean;
  /** Cost of the read, in bytes. */
  readonly cost: number;
}

/** The last part of a target's log before an offset, ready to be sent in a `history` frame. */
export interface HistoryPage extends Pick<EarlierLogSlice, 'epoch' | 'head' | 'hasMore' | 'truncatedBefore'> {
  /** Oldest first. */
  readonly entries: readonly PageEntry[];
  /** Cost of the read, in bytes. */
  readonly cost: number;
}

/** Time of a read without rows, and of a row without its text, as bytes that take the same time. */
const READ_COST_BYTES = 4_096;
const ROW_COST_BYTES = 256;

export function logPageOf({ epoch, head, messages, hasMore }: LogSlice): LogPage {
  const encode = (message: StoredMessage) => encodeNewMessage(message, epoch);
  const frames = messages.map((message) => new PageEntry(message, encode));
  return { epoch, head, frames, hasMore, cost: costOf(messages) };
}

export function historyPageOf({ messages, ...slice }: EarlierLogSlice): HistoryPage {
  const entries = messages.map((message) => new PageEntry(message, encodeHistoryEntry));
  return { ...slice, entries, cost: costOf(messages) };
}

function costOf(messages: readonly StoredMessage[]): number {
  const texts = messages.reduce((sum, { message }) => sum + message.length, 0);
  return READ_COST_BYTES + messages.length * ROW_COST_BYTES + texts;
}

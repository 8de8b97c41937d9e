import type { ServerResponse } from 'node:http';
import { type Holding, LinkedList, type ListEntry, type MemoryShare } from '@postline/service-runtime';
import type { Reader } from '../../reading/bounded-reads.ts';
import { bodyOf, type HttpAnswer, writeAnswer } from './answer.ts';

export interface ReaderAnswersLimits {
  /** Bytes of all answers that are being made, or that their readers have not received yet. */
  readonly bytesMax: number;
  /** Milliseconds that a reader may take to receive an answer; then its connection is closed. */
  readonly deadlineMs: number;
}

interface ReaderAnswersOptions {
  readonly memory: MemoryShare;
  readonly deadlineMs: number;
}

/** The bytes that all answers to one reader hold. */
interface ReaderHolding {
  readonly holding: Holding;
  /** Oldest first. */
  readonly answers: LinkedList<ReaderAnswer>;
}

/**
 * Counts answers that can take several MB each. Memory is reserved before an answer is made, and released when the
 * reader has received it; a reader that takes too long loses its connection. The answers of one reader are counted
 * together. If no memory is left, the reader that holds most loses the connection that has waited longest.
 */
export class ReaderAnswers {
  readonly #memory: MemoryShare;
  readonly #deadlineMs: number;
  readonly #readers = new Map<string, ReaderHolding>();

  constructor({ memory, deadlineMs }: ReaderAnswersOptions) {
    this.#memory = memory;
    this.#deadlineMs = deadlineMs;
  }

  /** Begins an answer to a reader. It ends with its own response, whatever the reader's other connections do. */
  open(readerId: string, response: ServerResponse): ReaderAnswer {
    const reader = this.#readers.get(readerId) ?? this.#add(readerId);
    const answer = new ReaderAnswer({ id: readerId, reader, response, deadlineMs: this.#deadlineMs });
    response.once('close', () => {
      answer.release();
      if (reader.answers.size > 0 || this.#readers.get(readerId) !== reader) return;
      this.#readers.delete(readerId);
      reader.holding.close();
    });
    return answer;
  }

  #add(readerId: string): ReaderHolding {
    const answers = new LinkedList<ReaderAnswer>();
    const holding = this.#memory.open({
      onGiveWay: () => {
        answers.first?.giveUp();
      },
    });
    const reader = { holding, answers };
    this.#readers.set(readerId, reader);
    return reader;
  }
}

interface ReaderAnswerOptions {
  readonly id: string;
  readonly reader: ReaderHolding;
  readonly response: ServerResponse;
  readonly deadlineMs: number;
}

/** One answer, from its request until its reader has received it. */
export class ReaderAnswer implements Reader {
  readonly id: string;
  readonly #reader: ReaderHolding;
  readonly #response: ServerResponse;
  readonly #deadlineMs: number;
  readonly #entry: ListEntry<ReaderAnswer>;
  #bytes = 0;
  #isReleased = false;
  #deadline: NodeJS.Timeout | undefined;

  constructor({ id, reader, response, deadlineMs }: ReaderAnswerOptions) {
    this.id = id;
    this.#reader = reader;
    this.#response = response;
    this.#deadlineMs = deadlineMs;
    this.#entry = reader.answers.add(this);
  }

  grow(bytes: number): boolean {
    if (this.#isReleased || !this.#reader.holding.grow(bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  shrink(bytes: number): void {
    if (this.#isReleased) return;
    this.#bytes -= bytes;
    this.#reader.holding.shrink(bytes);
  }

  /** Sends the answer. From now on it holds its bytes on the wire, until the reader has received them. */
  send(answer: HttpAnswer): void {
    const { status, headers } = answer;
    const bytes = Buffer.from(bodyOf(answer, this.#response));
    if (this.#bytes > bytes.length) this.shrink(this.#bytes - bytes.length);
    writeAnswer(this.#response, { status, headers, body: bytes });
    if (this.#response.writableLength === 0) {
      this.release(); // the operating system has it, within its own bounds
      return;
    }
    this.#deadline = setTimeout(() => {
      this.giveUp();
    }, this.#deadlineMs);
  }

  /** Closes the connection to free its memory. */
  giveUp(): void {
    this.release();
    this.#response.req.socket.destroy();
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    clearTimeout(this.#deadline);
    this.#reader.answers.remove(this.#entry);
    this.#reader.holding.shrink(this.#bytes);
  }
}

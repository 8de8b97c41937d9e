import type { ServerResponse } from 'node:http';
import { type HttpAnswer, sendAnswer } from './answer.ts';
import { OVERLOADED, type Refusal } from './problem.ts';

export interface ReaderAnswersLimits {
  /** Bytes of all answers that their readers have not taken yet. */
  readonly bytesMax: number;
  /** Milliseconds that a reader may take to receive one; then its connection is closed. */
  readonly deadlineMs: number;
}

/**
 * Sends answers of which one can be several MB. Whoever asks for many and takes none leaves them in this process's
 * memory, so they are bounded in bytes and in time.
 */
export class ReaderAnswers {
  readonly #limits: ReaderAnswersLimits;
  #untakenBytes = 0;

  constructor(limits: ReaderAnswersLimits) {
    this.#limits = limits;
  }

  /** Why nothing more can be read for anybody just now, if so. */
  refuse(): Refusal | undefined {
    if (this.#untakenBytes < this.#limits.bytesMax) return undefined;
    return { ...OVERLOADED, detail: 'Too many answers were not taken yet by those who asked for them.' };
  }

  send(response: ServerResponse, answer: HttpAnswer): void {
    sendAnswer(response, answer);
    if (response.writableLength === 0) return; // the system has it, within bounds of its own
    const bytes = Buffer.byteLength(answer.body);
    this.#untakenBytes += bytes;
    const giveUp = setTimeout(() => response.req.socket.destroy(), this.#limits.deadlineMs);
    response.once('close', () => {
      clearTimeout(giveUp);
      this.#untakenBytes -= bytes;
    });
  }
}

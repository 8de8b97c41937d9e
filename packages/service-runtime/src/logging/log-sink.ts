import { write, writeSync } from 'node:fs';
import { Backoff } from '../timing/backoff.ts';
import { pause } from '../timing/pause.ts';
import type { LogOutput } from './log-output.ts';

/** Some 10,000 lines: minutes of an ordinary log, little compared with the memory of a service. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;
/**
 * After a loss, further lines are lost until this much was written: a slow reader gets a few large gaps instead of one
 * before each line.
 */
const ROOM_BYTES_MIN = WAITING_BYTES_MAX / 2;
/** Linux writes at most this to a pipe atomically; other processes may write to the same pipe. */
const DIRECT_CHUNK_BYTES_MAX = 4 * 1024;
/** Large enough to be worth a thread. */
const THREADED_CHUNK_BYTES_MAX = 64 * 1024;

/** A reader that is only slow makes room within milliseconds; one that has stopped may never do so. */
const FULL_RETRY_FIRST_MS = 10;
const FULL_RETRY_MAX_MS = 500;
/** A full disk or a broken pipe rarely recovers sooner. */
const FAILED_RETRY_MS = 1_000;
/** How often a flush checks for room. */
const FLUSH_STEP_MS = 5;

/** Lines that were dropped because there was no room for them. */
export interface LogLoss {
  readonly linesLost: number;
  /** When the first one was dropped. */
  readonly since: Date;
  /** Code of the last error (`ENOSPC`, `EPIPE`), or `too slow`. */
  readonly reason: string;
}

export interface LogSinkOptions {
  readonly output: LogOutput;
  /** Returns the line that replaces the lost ones. */
  readonly describeLoss: (loss: LogLoss) => string;
}

/**
 * Writes lines in order, and keeps the process independent of their destination: a full disk, a broken pipe, or a pipe
 * without a reader costs lines, which are counted, and a bounded amount of memory.
 */
export class LogSink {
  readonly #options: LogSinkOptions;
  readonly #chunkBytesMax: number;
  readonly #waiting: string[] = [];
  #waitingBytes = 0;
  /** Lines being written; a part of them may be written already. */
  #chunk: Buffer | undefined;
  #isThreadWriting = false;
  #retry: NodeJS.Timeout | undefined;
  readonly #fullRetry = new Backoff({
    firstMs: FULL_RETRY_FIRST_MS,
    maxMs: FULL_RETRY_MAX_MS,
    random: () => 1,
  });
  /** Error code of the last write; undefined after a success. */
  #errorCode: string | undefined;
  #loss: LogLoss | undefined;
  #linesLost = 0;

  constructor(options: LogSinkOptions) {
    this.#options = options;
    this.#chunkBytesMax =
      options.output.mode === 'direct' ? DIRECT_CHUNK_BYTES_MAX : THREADED_CHUNK_BYTES_MAX;
  }

  /** Lines lost since the start. */
  get linesLost(): number {
    return this.#linesLost;
  }

  get isEmpty(): boolean {
    return this.#chunk === undefined && this.#waiting.length === 0;
  }

  /** Queues a line. Neither throws nor waits. */
  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.#loss !== undefined || this.#waitingBytes + bytes > WAITING_BYTES_MAX) return this.#lose();
    this.#push(line, bytes);
    this.#writeOn();
  }

  /** Resolves when all lines are written, if the destination fails, or at the deadline. */
  async flush(deadlineMs: number): Promise<void> {
    const end = performance.now() + deadlineMs;
    for (;;) {
      if (!this.#isThreadWriting) this.#tryNow();
      if (this.isEmpty || this.#isFailing() || performance.now() >= end) return;
      await pause(FLUSH_STEP_MS);
    }
  }

  /** The same for the exit of a process, where nothing can be awaited. */
  flushSync(deadlineMs: number): void {
    const end = performance.now() + deadlineMs;
    if (this.#isThreadWriting) {
      blockFor(FLUSH_STEP_MS); // the end of the thread's write cannot be observed any more; it should precede the next lines
      this.#isThreadWriting = false;
      this.#chunk = undefined;
    }
    for (;;) {
      this.#tryNow({ directly: true });
      if (this.isEmpty || this.#isFailing() || performance.now() >= end) return;
      blockFor(FLUSH_STEP_MS);
    }
  }

  #push(line: string, bytes: number): void {
    this.#waiting.push(line);
    this.#waitingBytes += bytes;
  }

  #lose(): void {
    this.#linesLost += 1;
    const { linesLost, since } = this.#loss ?? { linesLost: 0, since: new Date() };
    const reason = (this.#isFailing() ? this.#errorCode : this.#loss?.reason) ?? 'too slow';
    this.#loss = { linesLost: linesLost + 1, since, reason };
  }

  #isFailing(): boolean {
    return this.#errorCode !== undefined && this.#errorCode !== 'EAGAIN';
  }

  #tryNow(options?: { readonly directly: boolean }): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#writeOn(options);
  }

  /** Writes until no line waits, the destination accepts no more, or a thread writes the next chunk. */
  #writeOn({ directly = false } = {}): void {
    if (this.#retry !== undefined || this.#isThreadWriting) return;
    const { fd, mode } = this.#options.output;
    for (let chunk = this.#nextChunk(); chunk !== undefined; chunk = this.#nextChunk()) {
      if (mode === 'threaded' && !directly) return this.#writeInThread(chunk);
      try {
        this.#onWritten(chunk, writeSync(fd, chunk));
      } catch (error) {
        return this.#onError(error);
      }
    }
  }

  #writeInThread(chunk: Buffer): void {
    this.#isThreadWriting = true;
    write(this.#options.output.fd, chunk, (error, bytesWritten) => {
      if (!this.#isThreadWriting) return; // the last flush came first
      this.#isThreadWriting = false;
      if (error === null) this.#onWritten(chunk, bytesWritten);
      else this.#onError(error);
      this.#writeOn();
    });
  }

  /** The chunk under way, or else as many whole lines as fit one write. */
  #nextChunk(): Buffer | undefined {
    if (this.#chunk !== undefined || this.#waiting.length === 0) return this.#chunk;
    let count = 0;
    let bytes = 0;
    for (const line of this.#waiting) {
      bytes += Buffer.byteLength(line);
      if (count > 0 && bytes > this.#chunkBytesMax) break;
      count += 1;
    }
    this.#chunk = Buffer.from(this.#waiting.splice(0, count).join(''));
    return this.#chunk;
  }

  #onWritten(chunk: Buffer, bytesWritten: number): void {
    this.#waitingBytes -= bytesWritten;
    this.#chunk = bytesWritten < chunk.length ? chunk.subarray(bytesWritten) : undefined;
    this.#errorCode = undefined;
    this.#fullRetry.reset();
    if (this.#loss !== undefined && this.#waitingBytes <= WAITING_BYTES_MAX - ROOM_BYTES_MIN)
      this.#reportLoss(this.#loss);
  }

  #reportLoss(loss: LogLoss): void {
    this.#loss = undefined;
    const line = this.#options.describeLoss(loss);
    this.#push(line, Buffer.byteLength(line));
  }

  #onError(error: unknown): void {
    this.#errorCode = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (this.#loss !== undefined && this.#isFailing())
      this.#loss = { ...this.#loss, reason: this.#errorCode };
    this.#retry = setTimeout(
      () => {
        this.#tryNow();
      },
      this.#isFailing() ? FAILED_RETRY_MS : this.#fullRetry.nextMs(),
    );
    this.#retry.unref(); // waiting lines do not keep the process alive
  }
}

function blockFor(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

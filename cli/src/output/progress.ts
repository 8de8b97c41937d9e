/** Shorter work shows no progress. */
const SHOWN_AFTER_MS = 1_000;
const REFRESH_MS = 100;
const BAR_CELLS = 20;
const TURNS = ['|', '/', '-', '\\'];
const CLEAR_LINE = '\r\u001b[2K';

/** The progress of some work. */
export interface ProgressState {
  readonly what: string;
  /** From 0 to 1. If it is set, a bar is shown. */
  readonly share?: number | undefined;
}

/**
 * A line that shows the progress of work that takes longer than a second. Shows nothing unless the stream is a
 * terminal.
 */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  #timer: NodeJS.Timeout | undefined;
  #state: () => ProgressState = () => ({ what: '' });
  #startedAtMs = 0;
  #isShown = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** Runs `work`. Calls `state` at each refresh. */
  async during<T>(state: () => ProgressState, work: () => Promise<T>): Promise<T> {
    if (!this.#stream.isTTY) return await work();
    this.#state = state;
    this.#startedAtMs = performance.now();
    this.#timer = setInterval(() => this.#show(), REFRESH_MS);
    try {
      return await work();
    } finally {
      clearInterval(this.#timer);
      this.clear();
    }
  }

  /** Removes the line to make room for other output. The next refresh shows it again. */
  clear(): void {
    if (!this.#isShown) return;
    this.#isShown = false;
    this.#stream.write(CLEAR_LINE);
  }

  #show(): void {
    const elapsedMs = performance.now() - this.#startedAtMs;
    if (elapsedMs < SHOWN_AFTER_MS) return;
    this.#isShown = true;
    this.#stream.write(`${CLEAR_LINE}${progressText(this.#state(), elapsedMs)}`);
  }
}

export function progressText({ what, share }: ProgressState, elapsedMs: number): string {
  const seconds = `${Math.floor(elapsedMs / 1_000)} s`;
  if (share === undefined)
    return `${TURNS[Math.floor(elapsedMs / REFRESH_MS) % TURNS.length] ?? ''} ${what}  ${seconds}`;
  const cells = Math.round(Math.min(1, Math.max(0, share)) * BAR_CELLS);
  const bar = '#'.repeat(cells).padEnd(BAR_CELLS, '.');
  return `[${bar}] ${Math.floor(share * 100)} %  ${what}  ${seconds}`;
}

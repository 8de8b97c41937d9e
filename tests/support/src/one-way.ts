import type { Socket } from 'node:net';

export interface WayState {
  readonly isFrozen: boolean;
  readonly delayMs: number;
  readonly bytesPerSecond: number;
}

export interface OneWayOptions {
  readonly from: Socket;
  readonly to: Socket;
  readonly state: () => WayState;
  /** Called with every piece; the piece is dropped if it returns false. */
  readonly onData?: (piece: Buffer) => boolean;
}

/** Beyond it the sender's side is not read, so that the sender notices the slow line. */
const HELD_BYTES_MAX = 256 * 1024;
/** A slow line forwards its bytes in steps of this length. */
const SLOW_STEP_MS = 20;

interface Held {
  /** When it may be forwarded, on the clock of `performance.now()`. */
  readonly at: number;
  /** Bytes, or how the stream ended. */
  readonly what: Buffer | Ending;
}

type Ending = 'end' | 'close' | 'reset';

/** One direction of one proxied connection: forwards bytes as the state of the line allows. */
export class OneWay {
  readonly #options: OneWayOptions;
  #held: Held[] = [];
  #heldBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isBlocked = false;
  #isStopped = false;

  constructor(options: OneWayOptions) {
    this.#options = options;
    const { from, to, onData = () => true } = options;
    from.on('data', (bytes) => {
      if (onData(bytes)) this.#take(bytes);
    });
    from.once('end', () => this.#takeEnd('end'));
    from.once('close', (hadError) => this.#takeEnd(hadError ? 'reset' : 'close'));
    to.on('drain', () => {
      this.#isBlocked = false;
      this.#pass();
    });
    to.once('close', () => {
      this.stop();
      if (!from.destroyed) from.resume(); // so that its own end is noticed
    });
  }

  onStateChanged(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pass();
  }

  /** Forwards nothing from now on. */
  stop(): void {
    this.#isStopped = true;
    this.#held = [];
    clearTimeout(this.#timer);
  }

  #take(bytes: Buffer): void {
    if (this.#isStopped) return;
    this.#held.push({ at: performance.now() + this.#options.state().delayMs, what: bytes });
    this.#heldBytes += bytes.length;
    this.#pass();
    if (this.#heldBytes > HELD_BYTES_MAX) this.#options.from.pause();
  }

  #takeEnd(ending: Ending): void {
    if (this.#isStopped) return;
    this.#held.push({ at: performance.now() + this.#options.state().delayMs, what: ending });
    this.#pass();
  }

  #pass(): void {
    while (!this.#isStopped && !this.#isBlocked && this.#timer === undefined) {
      const [next] = this.#held;
      if (next === undefined || this.#options.state().isFrozen) return;
      const waitMs = next.at - performance.now();
      if (waitMs > 0) this.#wait(waitMs);
      else if (typeof next.what === 'string') this.#end(next.what);
      else this.#write(next.what);
    }
  }

  #write(bytes: Buffer): void {
    const { to, from, state } = this.#options;
    const bytesAtOnce = Math.max(1, Math.floor((state().bytesPerSecond * SLOW_STEP_MS) / 1_000));
    const part = bytes.length > bytesAtOnce ? bytes.subarray(0, bytesAtOnce) : bytes;
    if (part.length < bytes.length) this.#held[0] = { at: 0, what: bytes.subarray(part.length) };
    else this.#held.shift();
    this.#heldBytes -= part.length;
    this.#isBlocked = !to.write(part);
    if (bytesAtOnce < Infinity) this.#wait(SLOW_STEP_MS);
    if (this.#heldBytes <= HELD_BYTES_MAX && from.isPaused()) from.resume();
  }

  #end(ending: Ending): void {
    const { to } = this.#options;
    this.#held.shift();
    switch (ending) {
      case 'end':
        to.end();
        break;
      case 'close':
        to.destroySoon(); // once what was passed on is written
        break;
      case 'reset':
        to.resetAndDestroy();
    }
  }

  #wait(milliseconds: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#pass();
    }, milliseconds);
  }
}

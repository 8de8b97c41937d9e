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
  /** Asked for every piece that comes in; false throws it away. */
  readonly onData?: (piece: Buffer) => boolean;
}

/** What may be held here; beyond it the sender's side is not read, so that it feels the line as it is. */
const HELD_BYTES_MAX = 256 * 1024;
/** A slow line passes its bytes on in steps of this length. */
const SLOW_STEP_MS = 20;

interface Held {
  /** When it may go on, on the clock of `performance.now()`. */
  readonly at: number;
  /** Bytes, or how the stream ended. */
  readonly what: Buffer | Ending;
}

type Ending = 'end' | 'close' | 'reset';

/** One direction of one proxied connection: passes bytes on as the state of the line lets it. */
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

  /** Nothing is passed on any more. */
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

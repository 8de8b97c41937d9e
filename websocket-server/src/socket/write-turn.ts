import type { TurnEnd } from '../feeds/fan-out.ts';
import { encodeTextFrame, encodeTextFrames } from './text-frame.ts';

/** Holds frames until the turn ends. */
export interface TurnMember {
  flush(): void;
}

/**
 * Collects the frames of one turn of the event loop, and has them written after everything that the bus delivered is read:
 * one system call for each socket, however many hints arrived together. Frames for many sockets are encoded once.
 */
export class WriteTurn implements TurnEnd {
  #fanOuts: TurnMember[] = [];
  #sockets: TurnMember[] = [];
  readonly #onWritten: () => void;
  #isPlanned = false;
  #isEnding = false;
  #lastText = '';
  #lastFrame = encodeTextFrame('');
  #lastTexts: readonly string[] = [];
  #lastFrames = encodeTextFrames([]);

  /** `onWritten` is called at the end of each turn in which something was written. */
  constructor(onWritten: () => void = () => undefined) {
    this.#onWritten = onWritten;
  }

  /** The encoded frame of a text. */
  frame(text: string): Buffer {
    if (text !== this.#lastText) {
      this.#lastFrame = encodeTextFrame(text);
      this.#lastText = text;
    }
    return this.#lastFrame;
  }

  /** The encoded frames of texts; the same buffer for the same list, which must not change any more. */
  sharedFrames(texts: readonly string[]): Buffer {
    if (texts !== this.#lastTexts) {
      this.#lastFrames = encodeTextFrames(texts);
      this.#lastTexts = texts;
    }
    return this.#lastFrames;
  }

  /** True while no socket gets anything later in this turn: frames are written at once. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Makes the socket write at the end of the turn. */
  addSocket(socket: TurnMember): void {
    this.#sockets.push(socket);
    this.#planEnd();
  }

  /** Makes the fan-out send to its sockets before these write. */
  addFanOut(fanOut: TurnMember): void {
    this.#fanOuts.push(fanOut);
    this.#planEnd();
  }

  #planEnd(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#end();
    });
  }

  /** Sockets write at once during the last fan-out, so that those of it alone need no second loop. */
  #end(): void {
    const fanOuts = this.#fanOuts;
    this.#fanOuts = [];
    for (const [index, fanOut] of fanOuts.entries()) {
      this.#isEnding = index === fanOuts.length - 1;
      fanOut.flush();
    }
    this.#isEnding = false;
    const sockets = this.#sockets;
    this.#sockets = [];
    this.#isPlanned = false;
    for (const socket of sockets) socket.flush();
    this.#onWritten();
  }
}

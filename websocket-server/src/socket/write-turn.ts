import type { TurnEnd } from '../feeds/fan-out.ts';
import { encodeTextFrame, encodeTextFrames } from './text-frame.ts';

/** Who has something to hand on when the turn ends. */
export interface TurnMember {
  flush(): void;
}

/**
 * What all sockets are given in one turn of the event loop, written when everything that lay on the bus has been read:
 * one system call for each socket, however many hints came together. What goes to many sockets is framed once.
 */
export class WriteTurn implements TurnEnd {
  #fanOuts: TurnMember[] = [];
  #sockets: TurnMember[] = [];
  #isPlanned = false;
  #isEnding = false;
  #lastText = '';
  #lastFrame = encodeTextFrame('');
  #lastTexts: readonly string[] = [];
  #lastFrames = encodeTextFrames([]);

  /** A text as the bytes that go on the line. */
  frame(text: string): Buffer {
    if (text !== this.#lastText) {
      this.#lastFrame = encodeTextFrame(text);
      this.#lastText = text;
    }
    return this.#lastFrame;
  }

  /** Texts as bytes; the same for the same list, which must not change any more. */
  sharedFrames(texts: readonly string[]): Buffer {
    if (texts !== this.#lastTexts) {
      this.#lastFrames = encodeTextFrames(texts);
      this.#lastTexts = texts;
    }
    return this.#lastFrames;
  }

  /** Nothing more comes for any socket in this turn: it writes what it is given now at once. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Has this socket write at the end of the turn. */
  addSocket(socket: TurnMember): void {
    this.#sockets.push(socket);
    this.#planEnd();
  }

  /** Lets this hand on to sockets before they write. */
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

  /** Sockets that only the last fan-out has something for need not be gone through a second time. */
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
  }
}

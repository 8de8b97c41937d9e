import { encodeTextFrame } from './text-frame.ts';

/** A socket that was given something in this turn. */
export interface TurnMember {
  /** Hands what gathered to the network. */
  flush(): void;
}

/**
 * What all sockets are given in one turn of the event loop, written when everything that lay on the bus has been read:
 * one system call for each socket, however many hints came together. A text that goes to many sockets is framed once, for the first of them.
 */
export class WriteTurn {
  #members: TurnMember[] = [];
  #lastText = '';
  #lastFrame = encodeTextFrame('');

  /** A text as the bytes that go on the line. */
  frame(text: string): Buffer {
    if (text !== this.#lastText) {
      this.#lastFrame = encodeTextFrame(text);
      this.#lastText = text;
    }
    return this.#lastFrame;
  }

  /** Flushes this socket at the end of the turn. */
  add(member: TurnMember): void {
    if (this.#members.push(member) > 1) return;
    setImmediate(() => {
      const members = this.#members;
      this.#members = [];
      for (const each of members) each.flush();
    });
  }
}

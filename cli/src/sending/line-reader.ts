import { MESSAGE_BYTES_MAX } from '@postline/protocol';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** A longer line can't be a message, so the rest of it is dropped. One byte more, for a carriage return. */
const KEPT_BYTES_MAX = MESSAGE_BYTES_MAX + 1;

/** A line of the input: its text, or why it is not valid text. */
export type InputLine =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly fault: string };

/** Splits bytes into lines of UTF-8. It holds at most the bytes of one message, however long a line is. */
export class LineReader {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #pieces: Buffer[] = [];
  #keptBytes = 0;
  #isTooLong = false;
  #number = 0;

  /** Returns the lines that end in this chunk. */
  push(chunk: Buffer): readonly InputLine[] {
    const lines: InputLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.#keep(chunk.subarray(start, end));
      lines.push(this.#take());
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return lines;
  }

  /** Returns the last line, if the input does not end with a line feed. */
  end(): readonly InputLine[] {
    return this.#keptBytes > 0 || this.#isTooLong ? [this.#take()] : [];
  }

  #keep(piece: Buffer): void {
    if (piece.length === 0) return;
    if (this.#keptBytes + piece.length > KEPT_BYTES_MAX) {
      this.#isTooLong = true;
      this.#pieces = [];
      this.#keptBytes = 0;
    }
    if (this.#isTooLong) return;
    this.#pieces.push(piece);
    this.#keptBytes += piece.length;
  }

  #take(): InputLine {
    const bytes = Buffer.concat(this.#pieces);
    const isTooLong = this.#isTooLong;
    const number = (this.#number += 1);
    this.#pieces = [];
    this.#keptBytes = 0;
    this.#isTooLong = false;
    const line = bytes.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes;
    if (isTooLong || line.length > MESSAGE_BYTES_MAX)
      return { number, fault: `it must be at most ${MESSAGE_BYTES_MAX} bytes` };
    if (line.length === 0) return { number, fault: 'it must not be empty' };
    try {
      return { number, text: this.#decoder.decode(line) };
    } catch {
      return { number, fault: 'it is not valid UTF-8' };
    }
  }
}

import type { CloseCode } from '@postline/protocol';
import type { ClientSocket } from '../../src/connection/client-socket.ts';
import type { Connection } from '../../src/connection/connection.ts';

/** A socket whose peer takes frames only as far as a test lets it. */
export class ModelSocket implements ClientSocket {
  /** The connection on it, to be told when the buffer is full, empty, or the socket is gone. */
  connection: Connection | undefined;
  readonly sent: string[] = [];
  closedWith: { readonly code: CloseCode; readonly reason: string } | undefined;
  terminated = false;
  pings = 0;
  /** What roomBytes() says. */
  room = 256 * 1024;
  /** What bytesTaken() says. */
  taken = 0;
  /** Frames that the buffer holds before it is full. */
  readonly #capacity: number;
  #buffered = 0;
  #full = false;

  constructor(capacity = Number.POSITIVE_INFINITY) {
    this.#capacity = capacity;
  }

  /** The frames so far, parsed. */
  frames(): Record<string, unknown>[] {
    return this.sent.map((text) => JSON.parse(text) as Record<string, unknown>);
  }

  /** The offsets of the messages so far. */
  offsets(): number[] {
    return this.frames()
      .filter((frame) => frame['type'] === 'new_message')
      .map((frame) => Number(frame['offset']));
  }

  isWritable(): boolean {
    return this.isOpen && !this.#full;
  }

  get isOpen(): boolean {
    return this.closedWith === undefined && !this.terminated;
  }

  roomBytes(): number {
    return this.room;
  }

  bytesTaken(): number {
    return this.taken;
  }

  send(text: string): void {
    this.sendAll([text]);
  }

  sendShared(texts: readonly string[]): void {
    this.sendAll(texts);
  }

  sendAll(texts: readonly string[]): void {
    if (!this.isOpen) return;
    this.sent.push(...texts);
    this.#buffered += texts.length;
    if (this.#full || this.#buffered < this.#capacity) return;
    this.#full = true;
    this.connection?.onStalled();
  }

  ping(): void {
    this.pings += 1;
  }

  close(code: CloseCode, reason: string): void {
    if (this.isOpen) this.closedWith = { code, reason };
  }

  terminate(): void {
    this.terminated = true;
  }

  /** The peer has read everything. */
  drain(): void {
    this.#buffered = 0;
    if (!this.#full) return;
    this.#full = false;
    this.connection?.onDrain();
  }
}

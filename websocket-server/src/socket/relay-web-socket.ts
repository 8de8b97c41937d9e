import type { CloseCode } from '@postline/protocol';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { ClientSocket } from '../client-socket.ts';
import type { Connection } from '../connection.ts';

/**
 * UTF-16 units that may wait in one socket's buffer before it is full. A page of backlog fits, so a reader at full
 * speed is never starved. What comes on top before that is noticed is one page and one message: 1,000 clients that
 * have stopped reading hold 256 MB as a rule and 900 MB at the very most.
 */
const BUFFERED_UNITS_MAX = 256 * 1024;

/** A ws socket with its connection, so that its handlers are plain functions and not closures for each socket. */
export class RelayWebSocket extends WebSocket {
  connection: Connection | undefined;
  /** Why the relay closed it, where it did: a peer that never answers would otherwise count as 1006. */
  closedWith: CloseCode | undefined;
}

/** The ClientSocket on a ws socket and the TCP socket below it. */
export class WsClientSocket implements ClientSocket {
  readonly #ws: RelayWebSocket;
  readonly #raw: Socket;
  /** From the moment the buffer was full to the moment it is empty again. */
  #full = false;

  constructor(ws: RelayWebSocket, raw: Socket) {
    this.#ws = ws;
    this.#raw = raw;
  }

  isWritable(): boolean {
    return !this.#full && this.#isOpen();
  }

  bytesTaken(): number {
    return this.#raw.bytesWritten - this.#raw.writableLength;
  }

  send(text: string): void {
    if (!this.#isOpen()) return;
    this.#ws.send(text);
    this.#noteIfFull();
  }

  sendAll(texts: readonly string[]): void {
    if (!this.#isOpen()) return;
    this.#raw.cork();
    for (const text of texts) this.#ws.send(text);
    this.#raw.uncork();
    this.#noteIfFull();
  }

  ping(): void {
    if (this.#isOpen()) this.#ws.ping();
  }

  close(code: CloseCode, reason: string): void {
    if (!this.#isOpen()) return;
    this.#ws.closedWith = code;
    this.#ws.close(code, reason);
  }

  terminate(): void {
    this.#ws.terminate();
  }

  #isOpen(): boolean {
    return this.#ws.readyState === WebSocket.OPEN;
  }

  #noteIfFull(): void {
    if (this.#full || this.#raw.writableLength < BUFFERED_UNITS_MAX) return;
    this.#full = true;
    this.#ws.connection?.onStalled();
    this.#raw.once('drain', () => {
      this.#full = false;
      this.#ws.connection?.onDrain();
    });
  }
}

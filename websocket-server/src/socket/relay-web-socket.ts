import type { CloseCode } from '@postline/protocol';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { ClientSocket } from '../client-socket.ts';
import type { Connection } from '../connection.ts';

/**
 * What may wait in one socket's buffer. A page of backlog fits, so a reader at full speed is never starved; 1,000
 * clients that have stopped reading hold 256 MB at the very most, and usually nothing.
 */
const SOCKET_BUFFER_BYTES_MAX = 256 * 1024;

/** A peer that does not answer a close frame within this time is gone (the library itself waits 30 s). */
const CLOSE_ANSWER_MS = 2_000;

/** A ws socket with its connection, so that its handlers are plain functions and not closures for each socket. */
export class RelayWebSocket extends WebSocket {
  connection: Connection | undefined;
}

/** The ClientSocket on a ws socket and the TCP (or TLS) socket below it. */
export class WsClientSocket implements ClientSocket {
  readonly #ws: RelayWebSocket;
  readonly #raw: Socket;
  #stalled = false;

  constructor(ws: RelayWebSocket, raw: Socket) {
    this.#ws = ws;
    this.#raw = raw;
  }

  isWritable(): boolean {
    return this.#ws.readyState === WebSocket.OPEN && this.#raw.writableLength < SOCKET_BUFFER_BYTES_MAX;
  }

  bytesTaken(): number {
    return this.#raw.bytesWritten - this.#raw.writableLength;
  }

  send(text: string): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    this.#ws.send(text);
    this.#noteIfFull();
  }

  sendAll(texts: readonly string[]): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    this.#raw.cork();
    for (const text of texts) this.#ws.send(text);
    this.#raw.uncork();
    this.#noteIfFull();
  }

  ping(): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.ping();
  }

  close(code: CloseCode, reason: string): void {
    if (this.#ws.readyState === WebSocket.CLOSED) return;
    this.#ws.close(code, reason);
    setTimeout(() => {
      this.#ws.terminate();
    }, CLOSE_ANSWER_MS).unref();
  }

  terminate(): void {
    this.#ws.terminate();
  }

  #noteIfFull(): void {
    if (this.#stalled || this.#raw.writableLength < SOCKET_BUFFER_BYTES_MAX) return;
    this.#stalled = true;
    this.#ws.connection?.onStalled();
    this.#raw.once('drain', () => {
      this.#stalled = false;
      this.#ws.connection?.onDrain();
    });
  }
}

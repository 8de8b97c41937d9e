import type { CloseCode } from '@postline/protocol';

/** What a connection needs of its socket; the WebSocket library stays behind it. */
export interface ClientSocket {
  /** False from the moment that the socket's buffer is full until it is empty again, and once it is being closed. */
  isWritable(): boolean;
  /** Bytes that it takes now before it is full; more may be sent at once, but had better be one frame. */
  roomBytes(): number;
  /** Bytes that the peer's side has taken so far; stands still where the peer has stopped reading. */
  bytesTaken(): number;
  /** Sends one text frame, with all others of this turn of the event loop. Neither throws nor waits. */
  send(text: string): void;
  /** The same for several text frames that many sockets are given; they share the bytes of one and the same list. */
  sendShared(texts: readonly string[]): void;
  /** Sends several text frames at once, in one write to the network. */
  sendAll(texts: readonly string[]): void;
  /** Sends a protocol ping; any answer counts as a sign of life. */
  ping(): void;
  /** Says why and closes; nothing is sent after it. A peer that doesn't answer is dropped soon after. */
  close(code: CloseCode, reason: string): void;
  /** Drops the socket at once. */
  terminate(): void;
}

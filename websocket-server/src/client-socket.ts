import type { CloseCode } from '@postline/protocol';

/** What a connection needs of its socket; the WebSocket library stays behind it. */
export interface ClientSocket {
  /** False while too much waits in the socket's buffer: then nothing is sent until it has drained. */
  isWritable(): boolean;
  /** Bytes that the peer's side has taken so far; stands still where the peer has stopped reading. */
  bytesTaken(): number;
  /** Sends one text frame. Neither throws nor waits. */
  send(text: string): void;
  /** Sends several text frames in one write to the network. */
  sendAll(texts: readonly string[]): void;
  /** Sends a protocol ping; any answer counts as a sign of life. */
  ping(): void;
  /** Says why and closes; a peer that doesn't answer is dropped soon after. */
  close(code: CloseCode, reason: string): void;
  /** Drops the socket at once. */
  terminate(): void;
}

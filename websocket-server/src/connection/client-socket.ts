import type { FollowerSocket } from '../following/follower.ts';

/** What a connection needs of its socket; the WebSocket library stays behind it. */
export interface ClientSocket extends FollowerSocket {
  /** Bytes that the peer's side has taken so far; does not grow while the peer reads nothing. */
  bytesTaken(): number;
  /** Sends a protocol ping; any answer counts as a sign of life. */
  ping(): void;
  /** Drops the socket at once. */
  terminate(): void;
}

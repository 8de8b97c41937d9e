import type { FrameErrorCode } from './error-codes.ts';
import type { FollowedFrame, UnfollowedFrame } from './group-frames.ts';
import type { HistoryFrame } from './history-frames.ts';
import type { LogMessage } from './log-page.ts';

/** Where the stream of one target continues: the first message sent has offset `offset + 1`. */
export interface FollowedTarget {
  readonly offset: number;
  readonly head: number;
  /** True if the reader's cursor was of this epoch and not beyond the head. */
  readonly recovered: boolean;
}

export interface IdentifiedFrame {
  readonly type: 'identified';
  readonly clientId: string;
  readonly connectionId: string;
  readonly epoch: string;
  readonly heartbeatSeconds: number;
  readonly targets: ReadonlyMap<string, FollowedTarget>;
}

export interface NewMessageFrame {
  readonly type: 'new_message';
  readonly id: string;
  readonly targetId: string;
  /** Position in the target's log, 1-based, contiguous. */
  readonly offset: number;
  readonly epoch: string;
  /** The message as it was published. */
  readonly data: string;
  /** When the row was written, in ISO 8601 with milliseconds, UTC. */
  readonly createdAt: string;
}

/** The messages `from` to `to` are not delivered; the stream continues after `to`. */
export interface TruncatedFrame {
  readonly type: 'truncated';
  readonly targetId: string;
  readonly from: number;
  readonly to: number;
  /**
   * Left out: the retention rule deleted them. `membership`: they were sent while the client was not a member of the
   * group.
   */
  readonly reason?: 'membership';
}

/** Accepts the token of a `token` frame, which replaces the previous one. */
export interface TokenAcceptedFrame {
  readonly type: 'token_accepted';
  /** When the connection is closed unless another token arrives, in ISO 8601, UTC; null if no token is required. */
  readonly expiresAt: string | null;
}

export interface HeartbeatFrame {
  readonly type: 'heartbeat';
}

export interface PongFrame {
  readonly type: 'pong';
}

export interface ErrorFrame {
  readonly type: 'error';
  readonly code: FrameErrorCode;
  readonly message: string;
  /** With an error about one target. */
  readonly targetId?: string;
  /** With an error about one request: the request's own. */
  readonly requestId?: string;
}

/** Everything that the relay may send. */
export type RelayFrame =
  | IdentifiedFrame
  | NewMessageFrame
  | TruncatedFrame
  | TokenAcceptedFrame
  | HeartbeatFrame
  | PongFrame
  | ErrorFrame
  | FollowedFrame
  | UnfollowedFrame
  | HistoryFrame;

/** Encodes a frame for the socket. `encodeNewMessage` encodes messages, and `encodeHistoryFrame` earlier ones. */
export function encodeRelayFrame(frame: Exclude<RelayFrame, NewMessageFrame | HistoryFrame>): string {
  if (frame.type !== 'identified') return JSON.stringify(frame);
  return JSON.stringify({ ...frame, targets: Object.fromEntries(frame.targets) });
}

/**
 * Encodes a `new_message` frame, its fields always in this order. Ids, epochs and times hold no character that JSON
 * escapes, so only the text goes through the JSON encoder.
 */
export function encodeNewMessage(stored: LogMessage, epoch: string): string {
  return (
    `{"type":"new_message","id":"${stored.id}","targetId":"${stored.targetId}","offset":${stored.offset},` +
    `"epoch":"${epoch}","data":${JSON.stringify(stored.message)},"createdAt":"${stored.createdAt}"}`
  );
}

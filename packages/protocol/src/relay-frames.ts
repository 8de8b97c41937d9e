import type { FrameErrorCode } from './error-codes.ts';
import type { FollowedFrame, UnfollowedFrame } from './group-frames.ts';

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
  | UnfollowedFrame;

/** Encodes a frame for the socket. `encodeNewMessage` encodes messages. */
export function encodeRelayFrame(frame: Exclude<RelayFrame, NewMessageFrame>): string {
  if (frame.type !== 'identified') return JSON.stringify(frame);
  return JSON.stringify({ ...frame, targets: Object.fromEntries(frame.targets) });
}

/** A message as it is stored. */
export interface LogMessage {
  readonly id: string;
  readonly targetId: string;
  readonly offset: number;
  /** The text that was published. Frames and log pages call it `data`; it is renamed in this package only. */
  readonly message: string;
  readonly createdAt: string;
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

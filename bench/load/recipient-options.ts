import type { SystemUnderLoad } from './load-job.ts';

/** The epoch and the offset that an `identified` frame tells for one target. */
export interface StreamStart {
  readonly epoch: string;
  readonly offset: number;
}

export interface RecipientOptions {
  readonly system: SystemUnderLoad;
  readonly clientId: string;
  readonly resume?: { readonly epoch: string; readonly offset: number };
  /** Groups that its client is a member of: it asks for its groups, and has to follow these at once. */
  readonly groups?: readonly string[];
  readonly onIdentified: (start: StreamStart) => void;
  /** A group was added later. */
  readonly onFollowed?: (targetId: string) => void;
  /** See `WebSocketHandlers`. */
  readonly takeFrames?: (buffer: Buffer, end: number) => number;
  readonly onMessage: (frame: Readonly<Record<string, unknown>>) => void;
  /** Asked first where it is given; true where the frame was a message and is dealt with. */
  readonly onMessageBytes?: (frame: Buffer) => boolean;
  /** Told of a close, or of a frame that no run that counts may have. */
  readonly onFault: (what: string) => void;
}

import type { SystemUnderLoad } from './load-job.ts';

/** The epoch and the offset of one target in an `identified` frame. */
export interface StreamStart {
  readonly epoch: string;
  readonly offset: number;
}

export interface RecipientOptions {
  readonly system: SystemUnderLoad;
  readonly clientId: string;
  readonly resume?: { readonly epoch: string; readonly offset: number };
  /** Groups that its client is a member of: it requests its groups, and must follow these at once. */
  readonly groups?: readonly string[];
  readonly onIdentified: (start: StreamStart) => void;
  /** A group was added later. */
  readonly onFollowed?: (targetId: string) => void;
  /** See `WebSocketHandlers`. */
  readonly takeFrames?: (buffer: Buffer, end: number) => number;
  readonly onMessage: (frame: Readonly<Record<string, unknown>>) => void;
  /** Called first if given; true if the frame was a message and is handled. */
  readonly onMessageBytes?: (frame: Buffer) => boolean;
  /** Called for a close, or for a frame that makes the run invalid. */
  readonly onFault: (what: string) => void;
}

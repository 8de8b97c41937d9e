import type { SystemUnderLoad } from './load-job.ts';

/** The epoch and the offset that an `identified` frame tells for one target. */
export interface StreamStart {
  readonly epoch: string;
  readonly offset: number;
}

export interface RecipientOptions {
  readonly system: Pick<SystemUnderLoad, 'relayUrl' | 'protocol'>;
  readonly clientId: string;
  readonly resume?: { readonly epoch: string; readonly offset: number };
  readonly onIdentified: (start: StreamStart) => void;
  /** See `WebSocketHandlers`. */
  readonly takeFrames?: (buffer: Buffer, end: number) => number;
  readonly onMessage: (frame: Readonly<Record<string, unknown>>) => void;
  /** Asked first where it is given; true where the frame was a message and is dealt with. */
  readonly onMessageBytes?: (frame: Buffer) => boolean;
  /** Told of a close, or of a frame that no run that counts may have. */
  readonly onFault: (what: string) => void;
}

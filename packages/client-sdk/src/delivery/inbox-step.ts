import type { NewMessageFrame, TruncatedFrame } from '@postline/protocol';
import type { StreamStart } from '../cursor/stream-position.ts';

/** What is handled in the order in which it was received. */
export type InboxStep =
  | { readonly kind: 'start'; readonly start: StreamStart }
  | {
      readonly kind: 'message';
      readonly frame: NewMessageFrame;
      readonly missed: boolean;
      /** How many restarts of the logs came before it. */
      readonly restarts: number;
    }
  | { readonly kind: 'truncated'; readonly frame: TruncatedFrame; readonly restarts: number };

export function unitsOfStep(step: InboxStep): number {
  return step.kind === 'message' ? step.frame.data.length : 0;
}

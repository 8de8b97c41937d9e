import type { DebugListener, Message } from '@postline/client';

/** More than the client library lets wait for the page, which is 1,000 messages. */
const WAITING_MAX = 1_100;

/** The texts of frames, from their arrival until the page shows their messages. */
export interface ReceivedFrames {
  readonly debug: DebugListener;
  /** The text of the frame that brought the message; undefined if the message came with others, in a `history` frame. */
  take(message: Message): string | undefined;
}

export function createReceivedFrames(): ReceivedFrames {
  const waiting = new Map<string, string>();
  return {
    debug: (what, detail, text) => {
      const frame = detail as Partial<Message> & { readonly type?: unknown };
      if (what !== 'received' || frame.type !== 'new_message' || text === undefined) return;
      waiting.set(placeOf(frame), text);
      // Repeated messages are never taken.
      const [oldest = ''] = waiting.keys();
      if (waiting.size > WAITING_MAX) waiting.delete(oldest);
    },
    take: (message) => {
      const place = placeOf(message);
      const text = waiting.get(place);
      waiting.delete(place);
      return text;
    },
  };
}

function placeOf({ epoch, offset, targetId }: Partial<Message>): string {
  return `${epoch} ${offset} ${targetId}`;
}

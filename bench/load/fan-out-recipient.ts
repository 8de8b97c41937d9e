import type { SystemUnderLoad } from './load-job.ts';
import { connectRecipient } from './recipients.ts';
import type { WebSocketConnection } from './websocket-connection.ts';

export interface FanOutRecipientOptions {
  readonly system: SystemUnderLoad;
  readonly clientId: string;
  /** As for `RecipientOptions`. */
  readonly groups?: readonly string[];
  /** The text of a frame that was not taken before; valid only during the call. */
  readonly onMessage: (bytes: Buffer) => void;
  /** See `WebSocketHandlers`. */
  readonly takeFrames: (buffer: Buffer, end: number) => number;
  readonly onFault: (what: string) => void;
}

/** The beginning of message frames in both protocols; other frames are rare. */
const MESSAGE_STARTS = [Buffer.from('{"type":"new_message"'), Buffer.from('42["message"')];

/** A connection that identifies as its client and passes on each message without parsing it. */
export function connectFanOutRecipient(options: FanOutRecipientOptions): Promise<WebSocketConnection> {
  const { onMessage, onFault } = options;
  return connectRecipient({
    ...options,
    onIdentified: () => undefined,
    onMessage: () => onFault('a message was read that should have been handed on'),
    onMessageBytes: (bytes) => {
      const isMessage = MESSAGE_STARTS.some((start) => bytes.subarray(0, start.length).equals(start));
      if (isMessage) onMessage(bytes);
      return isMessage;
    },
    onFault,
  });
}

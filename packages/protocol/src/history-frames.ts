/** Frames by which a connection asks for earlier messages. They touch neither its cursors nor its streams. */
import { z } from 'zod';
import { HISTORY_MESSAGES_MAX, REQUEST_ID_CHARACTERS_MAX } from './limits.ts';
import { type LogEntry, type LogMessage, logEntryOf } from './log-page.ts';
import { targetIdSchema } from './target-id.ts';

/** Asks for the last messages before an offset. Answered by `history` or an error, with the same `requestId`. */
export const historyRequestFrameSchema = z.object({
  type: z.literal('history'),
  /** Chosen by the client, to find the answer. */
  requestId: z.string().min(1).max(REQUEST_ID_CHARACTERS_MAX),
  /** A target that the connection follows; left out: the client's own. */
  targetId: targetIdSchema.optional(),
  /** Left out: the newest messages. */
  before: z.int().min(0).optional(),
  /** Left out: HISTORY_MESSAGES_DEFAULT. */
  limit: z.int().min(1).max(HISTORY_MESSAGES_MAX).optional(),
});
export type HistoryRequestFrame = z.output<typeof historyRequestFrameSchema>;

/** Answers a `history` frame of the client. */
export interface HistoryFrame {
  readonly type: 'history';
  readonly requestId: string;
  readonly targetId: string;
  /** Oldest first. Fewer than `limit` if they are large: then the rest is before the first one. */
  readonly messages: readonly LogEntry[];
  /** The oldest offset that can be read, if it lies after those that were asked for; else null. */
  readonly truncatedBefore: number | null;
}

/** One message of a `history` frame, encoded. */
export function encodeHistoryEntry(stored: LogMessage): string {
  return JSON.stringify(logEntryOf(stored));
}

/** Encodes a `history` frame from messages that are encoded already, because the relay sends as many as fit. */
export function encodeHistoryFrame(
  { requestId, targetId, truncatedBefore }: Pick<HistoryFrame, 'requestId' | 'targetId' | 'truncatedBefore'>,
  encodedMessages: readonly string[],
): string {
  return (
    `{"type":"history","requestId":${JSON.stringify(requestId)},"targetId":"${targetId}",` +
    `"messages":[${encodedMessages.join(',')}],"truncatedBefore":${truncatedBefore}}`
  );
}

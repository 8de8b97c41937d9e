/** Frames by which a connection asks for earlier messages. They touch neither its cursors nor its streams. */
import { z } from 'zod';
import { HISTORY_MESSAGES_DEFAULT, HISTORY_MESSAGES_MAX, REQUEST_ID_CHARACTERS_MAX } from './limits.ts';
import { type LogEntry, type LogMessage, logEntryOf, logEntrySchema } from './log-page.ts';
import { targetIdSchema } from './target-id.ts';

export const historyRequestFrameSchema = z
  .object({
    type: z.literal('history'),
    requestId: z
      .string()
      .min(1)
      .max(REQUEST_ID_CHARACTERS_MAX)
      .meta({ description: 'Chosen by the client; it is in the answer.' }),
    targetId: targetIdSchema
      .optional()
      .meta({ description: "A target that the connection follows; left out: the client's own." }),
    before: z
      .int()
      .min(0)
      .optional()
      .meta({ description: 'Messages before this offset; left out: the newest.' }),
    limit: z
      .int()
      .min(1)
      .max(HISTORY_MESSAGES_MAX)
      .optional()
      .meta({ description: `At most this many messages; ${HISTORY_MESSAGES_DEFAULT} if left out.` }),
  })
  .meta({ description: 'Requests the last messages before an offset. It moves no cursor.' });
export type HistoryRequestFrame = z.output<typeof historyRequestFrameSchema>;

export const historyFrameSchema = z
  .object({
    type: z.literal('history'),
    requestId: z.string(),
    targetId: z.string(),
    messages: z.array(logEntrySchema).meta({
      description:
        'Oldest first. Fewer than `limit` if they are large: then the rest is before the first one.',
    }),
    truncatedBefore: z.int().min(1).nullable().meta({
      description:
        'The oldest offset that can be read, if it lies after those that were requested; else null.',
    }),
  })
  .meta({ description: 'Answers a `history` frame of the client.' });

export type HistoryFrame = Readonly<Omit<z.output<typeof historyFrameSchema>, 'messages'>> & {
  readonly messages: readonly LogEntry[];
};

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

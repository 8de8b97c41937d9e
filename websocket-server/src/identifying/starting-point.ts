import { type ReaderCursor, type StreamStart, streamStart } from '@postline/message-store';
import type { Resume, RowMark } from '@postline/protocol';
import type { HeadReading } from '../feeds/head-reader.ts';

/** What a resuming reader says of one target. Without a cursor for it, it only says which epoch it knows. */
export function cursorOf(targetId: string, resume: Resume): ReaderCursor | undefined {
  const offset = resume.offsets.get(targetId);
  return offset === undefined
    ? undefined
    : { targetId, offset, epoch: resume.epoch, mark: resume.at?.get(targetId) };
}

/**
 * Where a reader's stream goes on. With a valid cursor: after it. With any other: after the last message that both
 * histories share for certain, and the reader is told. Without one: at the head, only what comes from now on.
 */
export function startingPoint(
  reading: HeadReading,
  targetId: string,
  resume: Resume | undefined,
  rowAtCursor?: RowMark,
): StreamStart {
  const { epoch, head } = reading;
  const cursor = resume && cursorOf(targetId, resume);
  if (cursor !== undefined) return streamStart(cursor, { ...reading, rowAtCursor });
  return { epoch, head, offset: head, recovered: resume === undefined || resume.epoch === epoch };
}

import type { FollowedTarget, Resume } from '@postline/protocol';
import type { HeadReading } from './head-reader.ts';

/**
 * Where a reader's stream goes on. With a cursor of this epoch that is not beyond the head: after the cursor. With
 * any other cursor: after the last message that both histories may share, and the reader is told. Without one: at
 * the head, only what comes from now on.
 */
export function startingPoint(
  reading: HeadReading,
  targetId: string,
  resume: Resume | undefined,
): FollowedTarget {
  const cursor = resume?.offsets.get(targetId);
  const { epoch, head, epochStart } = reading;
  const sameEpoch = resume === undefined || resume.epoch === epoch;
  if (cursor === undefined) return { offset: head, head, recovered: sameEpoch };
  const recovered = sameEpoch && cursor <= head;
  return { offset: recovered ? cursor : Math.min(cursor, epochStart), head, recovered };
}

/** Frames by which a connection follows groups. All messages of a group travel as `new_message` frames. */
import { z } from 'zod';
import { EPOCH_CHARACTERS_MAX } from './limits.ts';
import { rowMarkSchema } from './row-mark.ts';
import { isGroupId, targetIdSchema } from './target-id.ts';

/** In `identify`: follow all groups of the client, in addition to its own target. */
export const identifyGroupsSchema = z.boolean().optional();

const groupIdSchema = targetIdSchema.refine(isGroupId, { error: 'must be a group' });
const offsetSchema = z.int().min(0);

/** Follows a group, from a cursor where `epoch` and `offset` give one. Answered by `followed` or an error. */
export const followFrameSchema = z
  .object({
    type: z.literal('follow'),
    targetId: groupIdSchema,
    epoch: z.string().max(EPOCH_CHARACTERS_MAX).optional(),
    offset: offsetSchema.optional(),
    /** The row at `offset`, as in `resume.at`. */
    at: rowMarkSchema.optional(),
  })
  .refine(({ epoch, offset }) => (epoch === undefined) === (offset === undefined), {
    error: 'a cursor needs both epoch and offset',
  });
export type FollowFrame = z.output<typeof followFrameSchema>;

/** Ends what is followed. Answered by `unfollowed` or an error. The client's own target is refused by the relay. */
export const unfollowFrameSchema = z.object({ type: z.literal('unfollow'), targetId: targetIdSchema });
export type UnfollowFrame = z.output<typeof unfollowFrameSchema>;

/** Why a target was added: its client became a member, its token or the `follow` frame allows it. */
export const followCauseSchema = z.enum(['joined', 'token', 'followed']);
export type FollowCause = z.output<typeof followCauseSchema>;

/** A target was added to an identified connection; its messages follow, from `offset + 1` on. */
export const followedFrameSchema = z.object({
  type: z.literal('followed'),
  targetId: z.string(),
  offset: offsetSchema,
  head: offsetSchema,
  /** As in `identified.targets`. */
  recovered: z.boolean(),
  cause: followCauseSchema,
});
export type FollowedFrame = Readonly<z.output<typeof followedFrameSchema>>;

export const unfollowCauseSchema = z.enum(['left', 'token', 'unfollowed']);
export type UnfollowCause = z.output<typeof unfollowCauseSchema>;

/** A target was taken away; no frame of it follows. */
export const unfollowedFrameSchema = z.object({
  type: z.literal('unfollowed'),
  targetId: z.string(),
  cause: unfollowCauseSchema,
});
export type UnfollowedFrame = Readonly<z.output<typeof unfollowedFrameSchema>>;

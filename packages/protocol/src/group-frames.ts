/** Frames by which a connection follows groups. All messages of a group travel as `new_message` frames. */
import { z } from 'zod';
import { EPOCH_CHARACTERS_MAX } from './limits.ts';
import { rowMarkSchema } from './row-mark.ts';
import { isGroupId, targetIdSchema } from './target-id.ts';

export const identifyGroupsSchema = z
  .boolean()
  .optional()
  .meta({ description: 'True: follow all groups of the client, in addition to its own target.' });

const groupIdSchema = targetIdSchema.refine(isGroupId, { error: 'must be a group' });
const offsetSchema = z.int().min(0);

export const followFrameSchema = z
  .object({
    type: z.literal('follow'),
    targetId: groupIdSchema,
    epoch: z.string().max(EPOCH_CHARACTERS_MAX).optional().meta({ description: 'The epoch of `offset`.' }),
    offset: offsetSchema
      .optional()
      .meta({ description: 'The last offset that was processed; without a cursor the stream begins now.' }),
    at: rowMarkSchema.optional().meta({ description: 'The message at `offset`, as in `resume.at`.' }),
  })
  .refine(({ epoch, offset }) => (epoch === undefined) === (offset === undefined), {
    error: 'a cursor needs both epoch and offset',
  })
  .meta({ description: 'Follows a group, from a cursor if `epoch` and `offset` give one.' });
export type FollowFrame = z.output<typeof followFrameSchema>;

export const unfollowFrameSchema = z
  .object({ type: z.literal('unfollow'), targetId: targetIdSchema })
  .meta({ description: "Stops following a group. The client's own target is a bad frame." });
export type UnfollowFrame = z.output<typeof unfollowFrameSchema>;

/** Why a target was added: its client became a member, its token or the `follow` frame allows it. */
export const followCauseSchema = z.enum(['joined', 'token', 'followed']);
export type FollowCause = z.output<typeof followCauseSchema>;

/** Where the stream of a target continues. */
export const followedTargetSchema = z.object({
  offset: offsetSchema.meta({ description: 'The first message sent has the offset after this one.' }),
  head: offsetSchema.meta({ description: 'The last offset of the log; 0 for a target without messages.' }),
  recovered: z
    .boolean()
    .meta({ description: "False if the reader's cursor is not valid: messages may be sent again." }),
});

export const followedFrameSchema = z
  .object({
    type: z.literal('followed'),
    targetId: z.string(),
    ...followedTargetSchema.shape,
    cause: followCauseSchema.meta({
      description:
        'Why: the client became a member (`joined`), its token names the group (`token`), or a `follow` frame asked for it (`followed`).',
    }),
  })
  .meta({
    description: 'A group was added to the connection; its messages follow, from `offset` + 1 on.',
  });
export type FollowedFrame = Readonly<z.output<typeof followedFrameSchema>>;

export const unfollowCauseSchema = z.enum(['left', 'token', 'unfollowed']);
export type UnfollowCause = z.output<typeof unfollowCauseSchema>;

export const unfollowedFrameSchema = z
  .object({
    type: z.literal('unfollowed'),
    targetId: z.string(),
    cause: unfollowCauseSchema.meta({
      description:
        'Why: the client left the group (`left`), its new token does not name it (`token`), or an `unfollow` frame asked for it (`unfollowed`).',
    }),
  })
  .meta({ description: 'A group was removed from the connection; no frame of it follows.' });
export type UnfollowedFrame = Readonly<z.output<typeof unfollowedFrameSchema>>;

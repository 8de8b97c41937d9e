/** Bodies, queries and answers of the requests about stored members of groups. */
import { z } from 'zod';
import {
  JOIN_HISTORY_MESSAGES_MAX,
  MEMBERS_PAGE_DEFAULT,
  MEMBERS_PAGE_MAX,
  MEMBERS_PER_BATCH_MAX,
} from './limits.ts';
import { queryNumber } from './query-number.ts';
import { clientIdSchema, groupNameSchema } from './target-id.ts';

const LAST_RANGE = `must be an integer from 1 to ${JOIN_HISTORY_MESSAGES_MAX}`;

/** What a new member gets of the messages before the join. */
export const joinHistorySchema = z
  .union(
    [
      z.enum(['from-join', 'all']),
      z.object({
        last: z
          .int({ error: LAST_RANGE })
          .min(1, { error: LAST_RANGE })
          .max(JOIN_HISTORY_MESSAGES_MAX, { error: LAST_RANGE }),
      }),
    ],
    {
      error: `must be "from-join", "all" or {"last": n} with n from 1 to ${JOIN_HISTORY_MESSAGES_MAX}`,
    },
  )
  .default('from-join')
  .meta({
    id: 'JoinHistory',
    description:
      'Messages from before the join: none (`from-join`), all that are kept (`all`), or the last n.',
  });
export type JoinHistory = z.output<typeof joinHistorySchema>;

/** Body of `PUT /groups/:name/members/:clientId`; an empty body is `{}`. */
export const joinRequestSchema = z
  .object({ history: joinHistorySchema }, { error: 'must be a JSON object' })
  .meta({ id: 'JoinRequest' });
export type JoinRequest = z.output<typeof joinRequestSchema>;

const idsSchema = z
  .array(clientIdSchema, { error: 'must be an array of client ids' })
  .max(MEMBERS_PER_BATCH_MAX, { error: `must hold at most ${MEMBERS_PER_BATCH_MAX} client ids` })
  .default([]);

/** Body of `POST /groups/:name/members/batch`: stored all or none. */
export const memberBatchRequestSchema = z
  .object(
    { add: idsSchema, remove: idsSchema, history: joinHistorySchema },
    { error: 'must be a JSON object' },
  )
  .superRefine(({ add, remove }, context) => {
    const ids = [...add, ...remove];
    if (ids.length === 0) {
      context.addIssue({ code: 'custom', path: ['add'], message: 'must hold a client id, or "remove" must' });
    } else if (ids.length > MEMBERS_PER_BATCH_MAX) {
      const message = `must hold at most ${MEMBERS_PER_BATCH_MAX} client ids together with "remove"`;
      context.addIssue({ code: 'custom', path: ['add'], message });
    }
    const seen = new Set<string>();
    for (const [index, id] of ids.entries()) {
      const path = index < add.length ? ['add', index] : ['remove', index - add.length];
      if (seen.has(id)) context.addIssue({ code: 'custom', path, message: 'is in the batch twice' });
      seen.add(id);
    }
  })
  .meta({ id: 'MemberBatchRequest' });
export type MemberBatchRequest = z.output<typeof memberBatchRequestSchema>;

const limitSchema = queryNumber(
  `At most this many entries; ${MEMBERS_PAGE_DEFAULT} if left out.`,
  1,
  MEMBERS_PAGE_MAX,
).optional();

/** Query of `GET /groups/:name/members`. */
export const membersQuerySchema = z.object({
  after: clientIdSchema.optional().meta({ description: 'Members after this client id, in byte order.' }),
  limit: limitSchema,
});

/** Query of `GET /clients/:id/groups`. */
export const clientGroupsQuerySchema = z.object({
  after: groupNameSchema.optional().meta({ description: 'Groups after this name, in byte order.' }),
  limit: limitSchema,
});

const fromSchema = z
  .int()
  .min(0)
  .meta({ description: "The group's offset after which the member's messages begin.", example: 41 });
const sinceSchema = z.iso.datetime().meta({ description: 'When the client joined.' });

/** Answer to a join. */
export const membershipSchema = z
  .object({ group: z.string(), clientId: z.string(), from: fromSchema, since: sinceSchema })
  .meta({ id: 'Membership' });
export type Membership = z.output<typeof membershipSchema>;

/** Answer to a batch: how many clients were no members before, and are no members any more. */
export const membersChangedSchema = z
  .object({ added: z.int().min(0), removed: z.int().min(0) })
  .meta({ id: 'MembersChanged' });
export type MembersChanged = z.output<typeof membersChangedSchema>;

const nextSchema = z
  .string()
  .nullable()
  .meta({ description: 'The `after` of the next page; null on the last one.' });

/** Answer of `GET /groups/:name/members`. */
export const membersPageSchema = z
  .object({
    group: z.string(),
    members: z.array(membershipSchema.omit({ group: true })),
    next: nextSchema,
  })
  .meta({ id: 'MembersPage' });
export type MembersPage = z.output<typeof membersPageSchema>;

/** Answer of `GET /clients/:id/groups`. */
export const clientGroupsPageSchema = z
  .object({
    clientId: z.string(),
    groups: z.array(membershipSchema.omit({ clientId: true })),
    next: nextSchema,
  })
  .meta({ id: 'ClientGroupsPage' });
export type ClientGroupsPage = z.output<typeof clientGroupsPageSchema>;

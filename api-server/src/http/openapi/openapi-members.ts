import {
  clientGroupsPageSchema,
  clientGroupsQuerySchema,
  groupNameSchema,
  joinRequestSchema,
  memberBatchRequestSchema,
  membersChangedSchema,
  membershipSchema,
  membersPageSchema,
  membersQuerySchema,
} from '@postline/protocol';
import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import {
  BODY_ERRORS,
  JSON_TYPE,
  KEY_SECURITY,
  problems,
  READER_SECURITY,
  WITH_KEY,
} from './openapi-parts.ts';

const GROUP_NAME_IN_PATH =
  'Percent-encoded. The names `.` and `..` are valid, but URL parsers remove them from a path, also percent-encoded.';
const GROUP_PATH = z.object({
  name: groupNameSchema.meta({ id: undefined, description: GROUP_NAME_IN_PATH }),
});
const CLIENT_PATH = z.object({
  clientId: z.string().meta({ description: 'Percent-encoded.', example: 'anna' }),
});
const MEMBER_PATH = GROUP_PATH.extend(CLIENT_PATH.shape);

const EXAMPLE_SINCE = '2026-11-23T00:00:00.000Z';
const EXAMPLE_MEMBERSHIP = { group: 'news', clientId: 'anna', from: 41, since: EXAMPLE_SINCE };

/** The requests about stored members of groups. */
export function memberPaths(): ZodOpenApiPathsObject {
  return {
    '/groups/{name}/members/{clientId}': { put: joinOperation(), delete: leaveOperation() },
    '/groups/{name}/members/batch': { post: batchOperation() },
    '/groups/{name}/members': { get: membersOperation() },
    '/clients/{clientId}/groups': { get: groupsOperation() },
  };
}

function joinOperation(): ZodOpenApiOperationObject {
  const answer = (description: string) => ({
    description,
    content: { [JSON_TYPE]: { schema: membershipSchema, example: EXAMPLE_MEMBERSHIP } },
  });
  return {
    operationId: 'joinGroup',
    tags: ['Groups'],
    summary: 'Add a member to a group',
    security: KEY_SECURITY,
    description:
      'Scope `members`; prefixes apply to `group:<name>`. The body may be empty. Repeating the request is safe: the first join stands.',
    requestParams: { path: MEMBER_PATH },
    requestBody: {
      required: false,
      content: { [JSON_TYPE]: { schema: joinRequestSchema, example: { history: 'from-join' } } },
    },
    responses: {
      201: answer('The client is a member now.'),
      200: answer('The client was a member already.'),
      ...problems([...WITH_KEY, ...BODY_ERRORS, 'too_many_groups']),
    },
  };
}

function leaveOperation(): ZodOpenApiOperationObject {
  return {
    operationId: 'leaveGroup',
    tags: ['Groups'],
    summary: 'Remove a member from a group',
    security: KEY_SECURITY,
    description: 'Scope `members`. Also answered 204 if the client was not a member.',
    requestParams: { path: MEMBER_PATH },
    responses: {
      204: { description: 'The client is not a member.' },
      ...problems([...WITH_KEY, 'overloaded', 'store_unavailable']),
    },
  };
}

function batchOperation(): ZodOpenApiOperationObject {
  return {
    operationId: 'changeMembers',
    tags: ['Groups'],
    summary: 'Add and remove up to 1,000 members of a group, all or none',
    security: KEY_SECURITY,
    description: 'Scope `members`. `history` applies to the added members. Repeating the request is safe.',
    requestParams: { path: GROUP_PATH },
    requestBody: {
      required: true,
      content: {
        [JSON_TYPE]: {
          schema: memberBatchRequestSchema,
          example: { add: ['anna', 'ben'], remove: ['carl'], history: { last: 50 } },
        },
      },
    },
    responses: {
      200: {
        description: 'Committed. The counts exclude clients for which nothing changed.',
        content: { [JSON_TYPE]: { schema: membersChangedSchema, example: { added: 2, removed: 1 } } },
      },
      ...problems([...WITH_KEY, ...BODY_ERRORS, 'too_many_groups']),
    },
  };
}

function membersOperation(): ZodOpenApiOperationObject {
  const { clientId, from, since } = EXAMPLE_MEMBERSHIP;
  return {
    operationId: 'readMembers',
    tags: ['Groups'],
    summary: 'Read the members of a group, by client id in byte order',
    security: KEY_SECURITY,
    description: 'Scope `members`. An unknown group has no members.',
    requestParams: { path: GROUP_PATH, query: membersQuerySchema },
    responses: {
      200: {
        description: 'A page of members.',
        content: {
          [JSON_TYPE]: {
            schema: membersPageSchema,
            example: { group: 'news', members: [{ clientId, from, since }], next: null },
          },
        },
      },
      ...problems([...WITH_KEY, 'overloaded', 'store_unavailable']),
    },
  };
}

function groupsOperation(): ZodOpenApiOperationObject {
  const { group, clientId, from, since } = EXAMPLE_MEMBERSHIP;
  return {
    operationId: 'readGroups',
    tags: ['Groups'],
    summary: 'Read the groups of a client, by name in byte order',
    security: READER_SECURITY,
    description: "Scope `members` (prefixes apply to the client id), or the client's own token.",
    requestParams: { path: CLIENT_PATH, query: clientGroupsQuerySchema },
    responses: {
      200: {
        description: 'A page of groups.',
        content: {
          [JSON_TYPE]: {
            schema: clientGroupsPageSchema,
            example: { clientId, groups: [{ group, from, since }], next: null },
          },
        },
      },
      ...problems([...WITH_KEY, 'overloaded', 'store_unavailable']),
    },
  };
}

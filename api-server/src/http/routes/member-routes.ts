import type { IncomingMessage } from 'node:http';
import type { Member, Membership as StoredMembership, MembersChange } from '@postline/message-store';
import {
  clientGroupsQuerySchema,
  type ClientGroupsPage,
  clientIdSchema,
  GROUPS_PER_CLIENT_MAX,
  groupIdOf,
  groupNameSchema,
  joinRequestSchema,
  memberBatchRequestSchema,
  MEMBERS_PAGE_DEFAULT,
  type Membership,
  type MembersChanged,
  type MembersPage,
  membersQuerySchema,
} from '@postline/protocol';
import type { AccessControl } from '../../access/access-control.ts';
import type { ChangeMembers, MemberCommitOutcome } from '../../members/member-commit.ts';
import type { MemberReaders, Page } from '../../reading/read-members.ts';
import { jsonAnswer } from '../answers/answer.ts';
import {
  DATABASE_LATE,
  ERRORS_REPORTED_MAX,
  INTERNAL_ERROR,
  invalid,
  OVERLOADED,
  type Parsed,
  parseWith,
  problemAnswer,
  type Refusal,
} from '../answers/problem.ts';
import { receiveJsonBody, receiveOptionalJsonBody } from '../body/json-body.ts';
import type { BodyLimits } from '../body/receive-body.ts';
import { createReaderRoute, readAnswer, type ReaderRouteParts } from './reader-route.ts';
import type { z } from 'zod';
import type { Route, RouteMatch } from './route.ts';

const MEMBERS = '/groups/:name/members';
const MEMBER = `${MEMBERS}/:clientId`;
const BATCH = `${MEMBERS}/batch`;
const GROUPS = '/clients/:clientId/groups';

const MEMBERS_UNAVAILABLE: Refusal = {
  ...DATABASE_LATE,
  detail: 'The database did not answer in time. The change may have been stored: repeat it.',
};

/** A client can have this id: the path of batches is its path too. */
const BATCH_ID = 'batch';

export interface MemberRoutesOptions extends ReaderRouteParts {
  readonly changeMembers: ChangeMembers;
  readonly readers: MemberReaders;
  readonly access: Pick<AccessControl, 'refuse' | 'refuseReading' | 'callerOf'>;
  readonly bodyLimits: BodyLimits;
}

/** `/groups/:name/members…` and `/clients/:clientId/groups`: the stored members of groups. */
export function createMemberRoutes(options: MemberRoutesOptions): readonly Route[] {
  const join = createJoin(options);
  const leave = createLeave(options);
  return [
    { method: 'POST', path: BATCH, label: BATCH, answer: createBatch(options) },
    { method: 'PUT', path: BATCH, label: MEMBER, answer: join },
    { method: 'DELETE', path: BATCH, label: MEMBER, answer: leave },
    { method: 'PUT', path: MEMBER, label: MEMBER, answer: join },
    { method: 'DELETE', path: MEMBER, label: MEMBER, answer: leave },
    createMembersRoute(options),
    createGroupsRoute(options),
  ];
}

function createJoin({ access, changeMembers, bodyLimits }: MemberRoutesOptions): Route['answer'] {
  return async (request, { params }) => {
    const place = authorizePlace(access, request, params);
    if (!place.ok) return problemAnswer(place.refusal);
    const body = await receiveOptionalJsonBody(request, bodyLimits, (value) =>
      parseWith(joinRequestSchema, value),
    );
    if (!body.ok) return problemAnswer(body.refusal);
    body.holding?.close();
    const { groupName, clientId } = place.value;
    const { history } = body.value;
    const outcome = await changeMembers({ groupName, add: [clientId], remove: [], history });
    if (outcome.kind !== 'changed') return problemAnswer(refusalOf(outcome, () => 'clientId'));
    const [member] = outcome.added;
    if (member === undefined) return problemAnswer(INTERNAL_ERROR);
    const answer: Membership = { group: groupName, clientId, from: member.from, since: member.since };
    return jsonAnswer(member.isNew ? 201 : 200, answer);
  };
}

function createLeave({ access, changeMembers }: MemberRoutesOptions): Route['answer'] {
  return async (request, { params }) => {
    const place = authorizePlace(access, request, params);
    if (!place.ok) return problemAnswer(place.refusal);
    const { groupName, clientId } = place.value;
    const outcome = await changeMembers({ groupName, add: [], remove: [clientId], history: 'from-join' });
    if (outcome.kind !== 'changed') return problemAnswer(refusalOf(outcome, () => 'clientId'));
    return { status: 204, headers: {}, body: '' };
  };
}

function createBatch({ access, changeMembers, bodyLimits }: MemberRoutesOptions): Route['answer'] {
  return async (request, { params }) => {
    const group = authorizeGroup(access, request, params);
    if (!group.ok) return problemAnswer(group.refusal);
    const body = await receiveJsonBody(request, bodyLimits, (value) =>
      parseWith(memberBatchRequestSchema, value),
    );
    if (!body.ok) return problemAnswer(body.refusal);
    try {
      const change: MembersChange = { groupName: group.value, ...body.value };
      const outcome = await changeMembers(change);
      if (outcome.kind !== 'changed') {
        return problemAnswer(refusalOf(outcome, (clientId) => `add.${change.add.indexOf(clientId)}`));
      }
      const added = outcome.added.filter(({ isNew }) => isNew).length;
      const answer: MembersChanged = { added, removed: outcome.removed.length };
      return jsonAnswer(200, answer);
    } finally {
      body.holding?.close();
    }
  };
}

function createMembersRoute(options: MemberRoutesOptions): Route {
  const { access, readers } = options;
  return createReaderRoute(options, {
    path: MEMBERS,
    ask: (request, { params, query }) => {
      const group = authorizeGroup(access, request, params);
      if (!group.ok) return Promise.resolve(group);
      const parsed = parseWith(membersQuerySchema, query);
      if (!parsed.ok) return Promise.resolve(parsed);
      const { after: afterClientId = '', limit = MEMBERS_PAGE_DEFAULT } = parsed.value;
      return Promise.resolve({ ok: true, value: { groupName: group.value, afterClientId, limit } });
    },
    answer: async (query, reader) =>
      readAnswer(await readers.readMembers(query, reader), (page) => membersBody(query.groupName, page)),
  });
}

function createGroupsRoute(options: MemberRoutesOptions): Route {
  const { access, readers } = options;
  return createReaderRoute(options, {
    path: GROUPS,
    ask: async (request, { params: { clientId = '' }, query }) => {
      const refusal = await access.refuseReading(request, 'members', clientId);
      if (refusal !== undefined) return { ok: false, refusal };
      const client = parseAt('clientId', clientIdSchema, clientId);
      if (!client.ok) return client;
      const parsed = parseWith(clientGroupsQuerySchema, query);
      if (!parsed.ok) return parsed;
      const { after: afterGroupName = '', limit = MEMBERS_PAGE_DEFAULT } = parsed.value;
      return { ok: true, value: { clientId, afterGroupName, limit } };
    },
    answer: async (query, reader) =>
      readAnswer(await readers.readGroupsOfClient(query, reader), (page) => groupsBody(query.clientId, page)),
  });
}

type Access = MemberRoutesOptions['access'];
type Params = RouteMatch['params'];

function authorizeGroup(access: Access, request: IncomingMessage, { name = '' }: Params): Parsed<string> {
  const refusal = access.refuse(request, 'members', groupIdOf(name));
  return refusal === undefined ? parseAt('name', groupNameSchema, name) : { ok: false, refusal };
}

interface Place {
  readonly groupName: string;
  readonly clientId: string;
}

function authorizePlace(access: Access, request: IncomingMessage, params: Params): Parsed<Place> {
  const group = authorizeGroup(access, request, params);
  if (!group.ok) return group;
  const client = parseAt('clientId', clientIdSchema, params['clientId'] ?? BATCH_ID);
  return client.ok ? { ok: true, value: { groupName: group.value, clientId: client.value } } : client;
}

/** Parses a part of the path. */
function parseAt(path: string, schema: z.ZodType<string>, value: string): Parsed<string> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, refusal: invalid(path, parsed.error.issues[0]?.message ?? 'is not valid') };
}

/** `pathOf`: the place of a client id in the request. */
function refusalOf(
  outcome: Exclude<MemberCommitOutcome, { kind: 'changed' }>,
  pathOf: (clientId: string) => string,
): Refusal {
  switch (outcome.kind) {
    case 'too-many-groups': {
      const message = `is in ${GROUPS_PER_CLIENT_MAX} groups already`;
      const errors = outcome.clientIds
        .slice(0, ERRORS_REPORTED_MAX)
        .map((clientId) => ({ path: pathOf(clientId), message }));
      const detail = `${errors[0]?.path ?? 'a client'}: ${message}. Nothing was stored.`;
      return { code: 'too_many_groups', detail, errors };
    }
    case 'overloaded':
      return OVERLOADED;
    case 'store-unavailable':
      return MEMBERS_UNAVAILABLE;
  }
}

function membersBody(group: string, { rows, hasMore }: Page<Member>): MembersPage {
  const members = rows.map(({ clientId, from, since }) => ({ clientId, from, since }));
  return { group, members, next: hasMore ? (rows.at(-1)?.clientId ?? null) : null };
}

function groupsBody(clientId: string, { rows, hasMore }: Page<StoredMembership>): ClientGroupsPage {
  const groups = rows.map(({ groupName, from, since }) => ({ group: groupName, from, since }));
  return { clientId, groups, next: hasMore ? (rows.at(-1)?.groupName ?? null) : null };
}

import { z } from 'zod';
import { GROUP_NAME_CHARACTERS_MAX, TARGET_ID_CHARACTERS_MAX } from './limits.ts';

/** Allows the `sub` of identity providers: `auth0|5f7c`, `user+tag@shop.example`, `_V1StGXR8`. */
const TARGET_ID_PATTERN = new RegExp(`^[A-Za-z0-9_-][A-Za-z0-9._~:@|+-]{0,${TARGET_ID_CHARACTERS_MAX - 1}}$`);
const GROUP_PREFIX = 'group:';
/** As a key of a JavaScript object, it would change the prototype instead of naming a target. */
const RESERVED_ID = '__proto__';

const MUST_BE_A_WHOLE_NUMBER = `must be an integer from 0 to ${Number.MAX_SAFE_INTEGER}`;
const MUST_BE_WELL_FORMED = `must be 1 to ${TARGET_ID_CHARACTERS_MAX} of the characters A-Z a-z 0-9 . _ ~ : @ | + -, and start with a letter, a digit, _ or -`;

const targetIdText = z
  .string()
  .regex(TARGET_ID_PATTERN, { error: MUST_BE_WELL_FORMED })
  .refine((id) => id !== GROUP_PREFIX, { error: 'must name a group after "group:"' })
  .refine((id) => id !== RESERVED_ID, { error: `must not be ${RESERVED_ID}` });

/** JSON numbers beyond 2^53-1 are rounded, to the id of another client. */
const targetIdNumber = z.int({ error: MUST_BE_A_WHOLE_NUMBER }).min(0, { error: MUST_BE_A_WHOLE_NUMBER });

/**
 * An address: a client id, or `group:<name>`. Integers are accepted and become strings here, at the edge:
 * `1` and `"1"` are the same target. Case matters; nothing is trimmed, folded or coerced.
 */
export const targetIdSchema = z
  .union([targetIdText, targetIdNumber], {
    // Used only for another type, or a number that is not an integer: otherwise the check of that kind has its own error.
    error: ({ input }) => {
      if (input === undefined) return 'is required';
      return typeof input === 'number' ? MUST_BE_A_WHOLE_NUMBER : 'must be a string or an integer';
    },
  })
  .transform(String)
  .meta({
    id: 'TargetId',
    description: 'A client id, or group:<name>. The integer 1 and the string "1" are the same target.',
    example: 1,
  });

/** A target that is one client: never a group. */
export const clientIdSchema = targetIdSchema
  .refine((id) => !isGroupId(id), { error: 'must be a client, not a group' })
  .meta({ id: 'ClientId', description: 'A target id that addresses one client.', example: 'anna' });

const GROUP_NAME_PATTERN = new RegExp(`^[A-Za-z0-9._~:@|+-]{1,${GROUP_NAME_CHARACTERS_MAX}}$`);

/** The name of a group, without the `group:` of its target id. */
export const groupNameSchema = z
  .string({ error: (issue) => (issue.input === undefined ? 'is required' : 'must be a string') })
  .regex(GROUP_NAME_PATTERN, {
    error: `must be 1 to ${GROUP_NAME_CHARACTERS_MAX} of the characters A-Z a-z 0-9 . _ ~ : @ | + -`,
  })
  .meta({ id: 'GroupName', example: 'news' });

/** True for a string that is a well-formed name of a group. */
export function isGroupName(value: string): boolean {
  return GROUP_NAME_PATTERN.test(value);
}

/** The target id of a group. */
export function groupIdOf(name: string): string {
  return GROUP_PREFIX + name;
}

/** The name in a group's target id. */
export function groupNameOf(groupId: string): string {
  return groupId.slice(GROUP_PREFIX.length);
}

/** True for a string that is a well-formed target id. */
export function isTargetId(value: string): boolean {
  return TARGET_ID_PATTERN.test(value) && value !== GROUP_PREFIX && value !== RESERVED_ID;
}

/** Why this text is not a target id; `undefined` if it is one. */
export function targetIdFault(value: string): string | undefined {
  const parsed = targetIdText.safeParse(value);
  return parsed.success ? undefined : parsed.error.issues[0]?.message;
}

/** True for a text that target ids can start with, as in the prefixes of publisher keys. */
export function isTargetIdStart(value: string): boolean {
  return TARGET_ID_PATTERN.test(value);
}

/** True if the id addresses a group; no client has such an id. */
export function isGroupId(targetId: string): boolean {
  return targetId.startsWith(GROUP_PREFIX);
}

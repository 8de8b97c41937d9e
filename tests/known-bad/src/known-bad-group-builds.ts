import { type KnownBadBuild, RELAY, STORE } from './known-bad-builds.ts';

/** Mistakes that concern members of groups. */
export const KNOWN_BAD_GROUP_BUILDS: readonly KnownBadBuild[] = [
  {
    name: "join without the counter's lock",
    mistake: 'a join begins at the head that was read before its group was locked',
    replacements: [
      {
        file: `${STORE}/mysql/append/write-append.js`,
        find: 'const counts = countsOf(work);',
        replace:
          "const counts = countsOf(work);\n    session.seen = await session.select(`SELECT target_id, head FROM targets WHERE target_id IN (${[...counts.keys()].map(() => '?').join(',')})`, [...counts.keys()]);",
      },
      {
        file: `${STORE}/mysql/append/write-append.js`,
        find: 'const moves = planMoves(outbox.rows, headBefore);',
        replace: `const moves = planMoves(outbox.rows, headBefore);
    for (const step of moves.steps) {
        const groupId = 'group:' + step.groupName;
        step.from += (session.seen.find((row) => row.target_id === groupId)?.head ?? 0) - headBefore(groupId);
    }`,
      },
    ],
    scenario: 'changing-members',
    expected: ['leaked'],
  },
  {
    name: 'membership read before the head',
    mistake: 'changes of members between the reads of the memberships and of the heads are missed',
    replacements: [
      {
        file: `${RELAY}/groups/followed-groups.js`,
        find: 'this.#list.clear();',
        replace: 'await new Promise((resolve) => setTimeout(resolve, 1_000));\n        this.#list.clear();',
      },
    ],
    scenario: 'changing-members',
    expected: ['lost', 'leaked'],
  },
  {
    name: 'cursor honoured after removal',
    mistake: 'a client that left and joined again continues from its old cursor',
    replacements: [
      {
        file: `${RELAY}/following/follower-starter.js`,
        find: 'cursor: Math.max(offset, from),',
        replace: 'cursor: offset,',
      },
      {
        file: `${RELAY}/following/follower-starter.js`,
        find: 'if (offset >= from)',
        replace: 'if (offset >= 0)',
      },
    ],
    scenario: 'changing-members',
    expected: ['leaked'],
  },
  {
    name: 'joiner who was away started at the head',
    mistake: 'a group that was joined while away begins at its head, not at the join',
    replacements: [
      {
        file: `${RELAY}/starting/starting-point.js`,
        find: 'return startAt(from ?? head, position.epoch === epoch);',
        replace: 'return startAt(head, position.epoch === epoch);',
      },
    ],
    scenario: 'changing-members',
    expected: ['lost'],
  },
  {
    name: 'frame after unfollowed',
    mistake: 'a removal is reported, but the follower continues',
    replacements: [
      {
        file: `${RELAY}/groups/followed-groups.js`,
        find: 'this.#list.remove(group);\n        if (group.follower !== undefined)\n            this.#connection.removeFollower(group.follower);',
        replace: 'this.#list.remove(group);',
      },
    ],
    scenario: 'changing-members',
    expected: ['leaked'],
  },
  {
    name: 'change applied out of position order',
    mistake: 'a late change overwrites a newer one, and restores a member who left',
    replacements: [
      {
        file: `${RELAY}/control/members.js`,
        find: 'this.#report(change);',
        replace: "setTimeout(() => this.#report(change), change.state === 'member' ? 1_000 : 0);",
      },
      {
        file: `${RELAY}/groups/followed-groups.js`,
        find: 'if (change.position <= this.#position)',
        replace: 'if (this.#position === Number.POSITIVE_INFINITY)',
      },
    ],
    scenario: 'changing-members',
    expected: ['leaked', 'lost', 'corrupted'],
  },
];

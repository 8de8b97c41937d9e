import { setTimeout as sleep } from 'node:timers/promises';
import type { GroupJoinJob, GroupJoinResult, MeasureSignals } from './load-job.ts';
import { memberId, memberIds, storeMembers } from './member-filling.ts';
import { connectRecipient, forEachNumber } from './recipients.ts';

const HANDSHAKES_AT_ONCE_MAX = 64;
/** A relay that missed every hint finds a join by its comparison within 3 s. */
const FOLLOWED_MS_MAX = 15_000;
const POLL_MS = 5;

/** Connects some clients, lets all join one group, and waits until each connected one follows it. */
export async function runGroupJoinLoad(job: GroupJoinJob, signals: MeasureSignals): Promise<GroupJoinResult> {
  const { system, groupId, joining, connected } = job;
  const faults: string[] = [];
  const followers = new Set<number>();
  let lastFollowedAt = NaN;
  // Spread over all who join: the first request has its share of them, and the last one too.
  const step = Math.floor(joining / connected);
  await forEachNumber(connected, HANDSHAKES_AT_ONCE_MAX, async (place) => {
    await connectRecipient({
      system,
      clientId: memberId(place * step),
      groups: [],
      onIdentified: () => undefined,
      onFollowed: (targetId) => {
        if (targetId !== groupId || followers.has(place)) faults.push(`${place} follows ${targetId} again`);
        followers.add(place);
        lastFollowedAt = performance.now();
      },
      onMessage: (frame) => faults.push(`a message arrived that was never sent: ${JSON.stringify(frame)}`),
      onFault: (what) => faults.push(what),
    });
  });

  await signals.begin();
  const began = performance.now();
  await storeMembers(system, groupId, memberIds(joining));
  const joinedAt = performance.now();
  while (followers.size < connected && performance.now() < joinedAt + FOLLOWED_MS_MAX) await sleep(POLL_MS);
  await signals.end();
  if (followers.size < connected)
    faults.push(`${connected - followers.size} clients do not follow the group`);
  return { faults, joinMs: joinedAt - began, lastFollowedMs: Math.max(0, lastFollowedAt - joinedAt) };
}

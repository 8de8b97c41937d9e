import { percentile, sort } from '../measure/statistics.ts';
import type { GroupIdentifyJob, GroupIdentifyResult, MeasureSignals } from './load-job.ts';
import { memberId, storeMembers } from './member-filling.ts';
import { connectRecipient, forEachNumber } from './recipients.ts';

const STORES_AT_ONCE_MAX = 4;
/** Clients that connect alone, one after the other. */
const ALONE = 50;

/** Stores the members, lets all clients connect in one moment, and checks that each follows its groups. */
export async function runGroupIdentifyLoad(
  job: GroupIdentifyJob,
  signals: MeasureSignals,
): Promise<GroupIdentifyResult> {
  const { system, clients, groups } = job;
  const clientNumbers = Array.from({ length: clients }, (_, client) => client);
  await forEachNumber(groups, STORES_AT_ONCE_MAX, async (group) => {
    const members = clientNumbers.filter((client) => groupsOf(client, job).includes(groupId(group)));
    await storeMembers(system, groupId(group), members.map(memberId));
  });

  const faults: string[] = [];
  await signals.begin();
  const began = performance.now();
  const clientMs = await Promise.all(clientNumbers.map((client) => identify(client, job, faults)));
  const milliseconds = performance.now() - began;
  await signals.end();
  const aloneMs: number[] = [];
  for (let client = 0; client < Math.min(ALONE, clients); client += 1)
    aloneMs.push(await identify(client, job, faults));
  return { faults, milliseconds, clientMs: percentilesOf(clientMs), aloneMs: percentilesOf(aloneMs) };
}

function groupId(group: number): string {
  return `group:room-${group}`;
}

/** Spread evenly, so that every group has as many members as any other. */
function groupsOf(client: number, { groups, groupsPerClient }: GroupIdentifyJob): string[] {
  const step = Math.floor(groups / groupsPerClient);
  return Array.from({ length: groupsPerClient }, (_, place) => groupId((client + place * step) % groups));
}

/** Milliseconds until the client has identified; NaN, and a fault, where it does not. The connection stays. */
async function identify(client: number, job: GroupIdentifyJob, faults: string[]): Promise<number> {
  const began = performance.now();
  const onFault = (what: string) => {
    faults.push(what);
  };
  try {
    await connectRecipient({
      system: job.system,
      clientId: memberId(client),
      groups: groupsOf(client, job),
      onIdentified: () => undefined,
      onMessage: (frame) => onFault(`a message arrived that was never sent: ${JSON.stringify(frame)}`),
      onFault,
    });
    return performance.now() - began;
  } catch (error) {
    onFault(String(error));
    return NaN;
  }
}

function percentilesOf(values: readonly number[]): { readonly p50: number; readonly p99: number } {
  const sorted = sort(values);
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
}

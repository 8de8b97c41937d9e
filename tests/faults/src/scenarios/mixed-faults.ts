import { linkFaults } from '../faults/link-faults.ts';
import { describePlan, planFaults } from '../faults/fault-plan.ts';
import { processFaults } from '../faults/process-faults.ts';
import { runPlan } from '../faults/run-plan.ts';
import type { MemberLedger } from '../ledger/member-ledger.ts';
import type { TargetLedger } from '../ledger/target-ledger.ts';
import type { ReaderHabits } from '../load/reader.ts';
import { createRandom } from '../random.ts';
import type { Run } from './run.ts';
import { withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const TARGETS = 12;
const GROUPS = 3;
/**
 * The number of clients that are members of every group from the start, and the number that keep joining and leaving.
 */
const MEMBERS = 4;
const CHANGING_MEMBERS = 3;
const SENDERS = 8;
const REQUESTS_PER_SECOND = 150;
/** The number of applications that also publish by SQL. */
const SQL_SENDERS = 3;
/** Retries without an answer are given up this long after everything was repaired. */
const LAST_ANSWERS_MS = 20_000;
const BETWEEN_FAULTS_MS = [300, 2_500] as const;

/** The number of targets with a third reader, which stores no cursor and resumes from its last ack. */
const DEVICES = 6;

const HABITS: readonly ReaderHabits[] = [
  {},
  { movesAfterMs: [200, 3_000] },
  { pausesForMs: [50, 1_500] },
  { movesAfterMs: [500, 8_000], pausesForMs: [20, 600] },
];

export interface MixedFaultsSettings extends ScenarioSettings {
  readonly faults?: number;
  readonly minutes?: number;
}

/** Any fault at any place, while publishers publish and readers move between the relays. */
export function mixedFaults(settings: MixedFaultsSettings): Promise<RunResult> {
  return withRun({ ...settings, targets: TARGETS, groups: GROUPS }, async (run) => {
    const { faults, minutes, print } = settings;
    const plan = planFaults({
      kinds: [...processFaults(run.ledger.targets[0]?.targetId ?? ''), ...linkFaults()],
      random: createRandom(settings.seed).fork('faults'),
      everyMs: BETWEEN_FAULTS_MS,
      ...(faults === undefined ? {} : { faults }),
      ...(minutes === undefined ? {} : { milliseconds: minutes * 60_000 }),
    });
    for (const line of describePlan(plan)) print(line);
    const changing = await addMembers(run);
    addReaders(run);
    await run.readersIdentified();
    const crowd = run.startCrowd({
      senders: SENDERS,
      requestsPerSecond: REQUESTS_PER_SECOND,
      keylessShare: 0.1,
      batchShare: 0.1,
    });
    const finishSql = run.startSqlSenders(SQL_SENDERS);
    const finishChanges = run.startMemberChanges(changing);
    run.noteFaults(await runPlan(run.cluster, plan, print));
    await run.healed();
    const timer = setTimeout(() => run.giveUpRetries(), LAST_ANSWERS_MS);
    await Promise.all([crowd.finish(), finishSql(), finishChanges()]);
    clearTimeout(timer);
    await run.settle();
    await run.acksAreStored();
    const { committed, rolledBack, cutOff } = run.transactions;
    Object.assign(run.figures, run.memberChanges);
    run.figures['transactions committed'] = committed;
    run.figures['transactions rolled back'] = rolledBack;
    run.figures['transactions cut off'] = cutOff;
    run.figures['resumed from a last ack'] = run.readers
      .filter(({ habits }) => habits.deviceId !== undefined)
      .reduce((sum, { identifiedCount }) => sum + identifiedCount - 1, 0);
  });
}

/** Adds members of every group, and returns the clients that will join and leave. */
async function addMembers(run: Run): Promise<readonly MemberLedger[]> {
  const clients = run.ledger.targets.slice(0, TARGETS);
  const groups = run.ledger.targets.slice(TARGETS);
  const membersOf = (some: readonly TargetLedger[]) =>
    groups.flatMap((group) => some.map((client) => run.addMember(client, group)));
  const stable = membersOf(clients.slice(0, MEMBERS));
  await Promise.all(stable.map((member) => run.createMemberChanger(member).join()));
  return membersOf(clients.slice(MEMBERS, MEMBERS + CHANGING_MEMBERS));
}

/** Adds readers of every target. At least one of them stays connected. All of them must receive the same messages. */
function addReaders(run: Run): void {
  for (const [index, target] of run.ledger.targets.slice(0, TARGETS).entries()) {
    run.addReader(target, HABITS[index % HABITS.length]);
    run.addReader(target, HABITS[(index + 1) % HABITS.length]);
    if (index < DEVICES)
      run.addReader(target, { ...HABITS[index % HABITS.length], deviceId: `device-${index + 1}` });
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { MemberLedger } from '../ledger/member-ledger.ts';
import type { Reader } from '../load/reader.ts';
import { type Run, withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const CLIENTS = 6;
const GROUPS = 2;
/** The number of clients that are members of every group from the start until the last part. */
const STABLE = 1;
const LOAD_MS = 8_000;
const SENDERS = 16;
const SQL_SENDERS = 2;
/** The second API's transactions take longer, so some commit after transactions that began later. */
const COMMIT_DELAY_MS = 5;
/** The number of clients that join for the first time in the last part. */
const LATE = 2;
/**
 * In the last part readers reconnect within BACK_MS. Changes follow a little later, and some members then change once
 * more.
 */
const BACK_MS = 200;
const LAST_CHANGES_MS = [200, 900] as const;
/**
 * How long readers of the stable and the late clients are away. A stable client is no member for a part of that time.
 */
const AWAY_MS = 2_000;
const NO_MEMBER_MS = 600;
/** This long after the last change, every relay knows it. */
const LEFT_BOUND_MS = 4_000;

/**
 * Clients join and leave groups by HTTP and by SQL, while two APIs write and readers come and go. Nothing is broken.
 */
export function changingMembers(settings: ScenarioSettings): Promise<RunResult> {
  const options = { ...settings, targets: CLIENTS, groups: GROUPS, leftBoundMs: LEFT_BOUND_MS };
  return withRun(options, async (run) => {
    const clients = run.ledger.targets.slice(0, CLIENTS);
    const groups = run.ledger.targets.slice(CLIENTS);
    const members = clients.map((client) => groups.map((group) => run.addMember(client, group)));
    const stable = members.slice(0, STABLE).flat();
    await Promise.all(stable.map((member) => run.createMemberChanger(member).join()));
    const staying: Reader[] = [];
    for (const client of clients) {
      staying.push(run.addReader(client));
      run.addReader(client, { movesAfterMs: [200, 2_000] });
    }
    await run.readersIdentified();
    run.cluster.links['API-MySQL'][1]?.delay(COMMIT_DELAY_MS);
    run.noteFault('delayed @ API-MySQL');
    const crowd = run.startCrowd({ senders: SENDERS, targets: groups });
    const finishSql = run.startSqlSenders(SQL_SENDERS);
    const changing = members.slice(STABLE, CLIENTS - LATE).flat();
    const finishChanges = run.startMemberChanges(changing);
    await sleep(LOAD_MS);
    await finishChanges();
    for (const [index, reader] of staying.entries()) {
      const isAway = index < STABLE || index >= CLIENTS - LATE;
      reader.leave(isAway ? AWAY_MS : run.random.integer(0, BACK_MS));
    }
    const last = [...changing, ...members.slice(CLIENTS - LATE).flat()];
    await Promise.all([
      ...stable.map((member) => joinAgain(run, member)),
      ...last.map((member, index) => changeLast(run, member, index < changing.length / 2)),
    ]);
    await sleep(AWAY_MS); // the late clients are away and miss these messages
    await Promise.all([crowd.finish(), finishSql()]);
    await run.healed();
    Object.assign(run.figures, run.memberChanges);
  });
}

async function joinAgain(run: Run, member: MemberLedger): Promise<void> {
  const changer = run.createMemberChanger(member);
  await changer.leave();
  await sleep(NO_MEMBER_MS); // messages that are published now are not for this client
  await changer.join();
}

/** Makes one change while readers reconnect. Some members then join once more and leave at once. */
async function changeLast(run: Run, member: MemberLedger, leavesAtOnce: boolean): Promise<void> {
  const changer = run.createMemberChanger(member);
  const change = () => (member.view.spell === 'none' ? changer.join() : changer.leave());
  await sleep(run.random.integer(...LAST_CHANGES_MS));
  await change();
  if (!leavesAtOnce) return;
  if (member.view.spell === 'none') await changer.join();
  await changer.leave();
}

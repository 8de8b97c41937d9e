import { setTimeout as sleep } from 'node:timers/promises';
import { withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import type { ScenarioSettings } from './scenario.ts';

const CLIENTS = 6;
const GROUPS = 2;
/** Clients that are members of every group from the start to the end. */
const STABLE = 1;
const LOAD_MS = 8_000;
const SENDERS = 16;
const SQL_SENDERS = 2;
/** The second API's transactions take longer, so that they commit after some that began later. */
const COMMIT_DELAY_MS = 5;
/** So long after the last change every relay knows it. */
const LEFT_BOUND_MS = 4_000;

/** Clients join and leave groups by HTTP and by SQL, while two APIs write and readers come and go; nothing is broken. */
export function changingMembers(settings: ScenarioSettings): Promise<RunResult> {
  const options = { ...settings, targets: CLIENTS, groups: GROUPS, leftBoundMs: LEFT_BOUND_MS };
  return withRun(options, async (run) => {
    const clients = run.ledger.targets.slice(0, CLIENTS);
    const groups = run.ledger.targets.slice(CLIENTS);
    const members = clients.map((client) => groups.map((group) => run.addMember(client, group)));
    const stable = members.slice(0, STABLE).flat();
    await Promise.all(stable.map((member) => run.createMemberChanger(member).join()));
    for (const client of clients) {
      run.addReader(client);
      run.addReader(client, { movesAfterMs: [200, 2_000] });
    }
    await run.readersIdentified();
    run.cluster.links['API-MySQL'][1]?.delay(COMMIT_DELAY_MS);
    run.noteFault('delayed @ API-MySQL');
    const crowd = run.startCrowd({ senders: SENDERS, targets: groups });
    const finishSql = run.startSqlSenders(SQL_SENDERS);
    const finishChanges = run.startMemberChanges(members.slice(STABLE).flat());
    await sleep(LOAD_MS);
    await Promise.all([crowd.finish(), finishSql(), finishChanges()]);
    await run.healed();
    Object.assign(run.figures, run.memberChanges);
  });
}

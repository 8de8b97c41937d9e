import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceNode } from '../faults/src/cluster/service-node.ts';
import type { ReaderHabits } from '../faults/src/load/reader.ts';
import { countRefusals, noteRefusals } from '../faults/src/scenarios/refusals.ts';
import { type Run, withRun } from '../faults/src/scenarios/run.ts';
import type { RunResult } from '../faults/src/scenarios/run-result.ts';
import type { ScenarioSettings } from '../faults/src/scenarios/scenario.ts';

const TARGETS = 8;
const SENDERS = 8;
const REQUESTS_PER_SECOND = 150;
const SQL_SENDERS = 3;
/** Load beside each mixture of releases. */
const MIXTURE_MS = 2_500;
/** Between two releases hints travel too: without them half of the messages would wait 1.5 s, for a comparison of heads. */
const MEDIAN_MS_MAX = 1_000;
const MEDIAN = 0.5;
/** HAProxy takes a second and a half to see that a service is not ready. */
const DRAIN_SECONDS = '3';

/** Each target has readers of several of these habits. */
const HABITS: readonly ReaderHabits[] = [
  {},
  { movesAfterMs: [300, 3_000] },
  { deviceId: 'phone', movesAfterMs: [500, 5_000] },
];

/** The service that is ended, and the release that it is started with again. */
export interface UpgradeStep {
  readonly service: 'api-1' | 'api-2' | 'relay-1' | 'relay-2';
  readonly buildFolder: string;
}

export interface UpgradeSettings extends ScenarioSettings {
  readonly steps: readonly UpgradeStep[];
  /** The release of this build ends without a drain, so a balancer learns of its end by connections that are refused. */
  readonly buildWithoutDrain?: string;
  /** After each step, with its number from 1 on. */
  readonly afterStep?: (run: Run, step: number) => Promise<void>;
  /** Once the load has ended. */
  readonly afterwards?: (run: Run) => Promise<void>;
}

/**
 * Two APIs and two relays behind HAProxy are ended by SIGTERM and started with another release, one at a time, while
 * publishers and applications by SQL write through them, readers move between the relays, and one reader is away.
 */
export function upgradeUnderLoad(settings: UpgradeSettings): Promise<RunResult> {
  const { steps, afterStep, afterwards } = settings;
  const parts = { isBalanced: true, withoutProxies: true, environment: { DRAIN_SECONDS } };
  return withRun({ ...settings, ...parts, targets: TARGETS }, async (run) => {
    const away = addReaders(run);
    await run.readersIdentified();
    away.disconnect();
    const load = { senders: SENDERS, requestsPerSecond: REQUESTS_PER_SECOND, batchShare: 0.1 };
    const crowd = run.startCrowd(load);
    const finishSql = run.startSqlSenders(SQL_SENDERS);
    await sleep(MIXTURE_MS);
    for (const [index, step] of steps.entries()) {
      await takeStep(run, settings, step, index + 1);
      await afterStep?.(run, index + 1);
    }
    await Promise.all([crowd.finish(), finishSql()]);
    away.reconnect();
    await run.settle();
    await run.acksAreStored();
    await afterwards?.(run);
    run.figures['transactions committed'] = run.transactions.committed;
    run.figures['readers'] = run.readers.length;
    run.figures['connections that broke'] = countRefusals(run).connections;
  });
}

/** Replaces one service, and holds the mixture of releases to what is promised. */
async function takeStep(
  run: Run,
  { steps, buildFolder: firstBuild, buildWithoutDrain, print }: UpgradeSettings,
  { service, buildFolder }: UpgradeStep,
  number: number,
): Promise<void> {
  const before = countRefusals(run);
  const formerBuild = steps.slice(0, number - 1).findLast((step) => step.service === service)?.buildFolder;
  await replace(nodeOf(run, service), buildFolder);
  run.noteFault(`${service} is replaced`);
  run.ledger.deliveries.clear();
  await sleep(MIXTURE_MS);
  const medianMs = run.ledger.deliveries.quantile(MEDIAN);
  print(`${number}. ${service} is replaced; median of delivery then ${medianMs} ms`);
  run.require(medianMs < MEDIAN_MS_MAX, `hints travel after step ${number} (median ${medianMs} ms)`);
  if ((formerBuild ?? firstBuild) === buildWithoutDrain) {
    const { attempts, connections } = countRefusals(run);
    const refused = `${attempts - before.attempts}, ${connections - before.connections}`;
    print(`   it ended without a drain: attempts that failed, connections that broke: ${refused}`);
  } else noteRefusals(run, before, `in step ${number}, while ${service} was replaced`);
}

/** The last one is to be away. */
function addReaders(run: Run) {
  for (const [index, target] of run.ledger.targets.entries()) {
    for (const habits of [HABITS[index % HABITS.length], HABITS[(index + 1) % HABITS.length]]) {
      const { deviceId, ...others } = habits ?? {};
      const own = deviceId === undefined ? {} : { deviceId: `${deviceId}-${index + 1}` };
      run.addReader(target, { ...others, ...own });
    }
  }
  const [target] = run.ledger.targets;
  if (target === undefined) throw new Error('there is no target');
  return run.addReader(target);
}

function nodeOf({ cluster }: Run, service: UpgradeStep['service']): ServiceNode {
  const found = [...cluster.apis, ...cluster.relays].find(({ name }) => name === service);
  if (found === undefined) throw new Error(`there is no ${service}`);
  return found;
}

async function replace(node: ServiceNode, buildFolder: string): Promise<void> {
  await node.stop();
  node.useBuild(buildFolder);
  node.start();
  await node.ready();
}

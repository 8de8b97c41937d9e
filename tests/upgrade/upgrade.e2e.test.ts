/** `npm run test:upgrade`: rolling upgrades under load, one service at a time. */
import { type TempFolder, waitUntil } from '@postline/test-support';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BackingServers, startServers, stopServers } from '../faults/src/cluster/cluster.ts';
import { copyBuild } from '../faults/src/cluster/copied-build.ts';
import { withConnection } from '../faults/src/scenarios/audit-database.ts';
import type { Run } from '../faults/src/scenarios/run.ts';
import {
  ALWAYS_SHOWN,
  describeResult,
  hasPassed,
  type RunResult,
} from '../faults/src/scenarios/run-result.ts';
import { makeNextRelease, type NextRelease } from './next-release.ts';
import { buildRelease } from './old-release.ts';
import { StandstillWatch } from './standstill-watch.ts';
import { type UpgradeSettings, type UpgradeStep, upgradeUnderLoad } from './upgrade-under-load.ts';
import { writeLedger } from './write-ledger.ts';

/** The last commit of 0.1.0. */
const OLD_COMMIT = '636188f';
const SEED = process.env['FAULT_SEED'] ?? '1';
/** The checks come every two seconds; a loaded machine needs more. */
const NOTICED_MS = 60_000;
/** Clients and HAProxy give up on a service after some seconds. */
const STANDSTILL_MS_MAX = 2_000;
const RUNS_MAX = 4;

let servers: BackingServers;
let present: TempFolder;
let next: NextRelease;
beforeAll(async () => {
  [servers, present, next] = await Promise.all([
    startServers(),
    copyBuild(),
    makeNextRelease({ isCompatible: true }),
  ]);
});
afterAll(async () => {
  await stopServers(servers);
  await present.remove();
  await next.build.remove();
});

async function passes(
  scenario: string,
  settings: Pick<UpgradeSettings, 'buildFolder' | 'buildWithoutDrain' | 'steps' | 'afterStep' | 'afterwards'>,
): Promise<void> {
  for (let run = 1; ; run += 1) {
    const printed: string[] = [];
    const print = (line: string) => printed.push(`  ${line}`);
    const watch = new StandstillWatch();
    const result = await upgradeUnderLoad({ ...settings, scenario, seed: SEED, servers, print });
    const standstillMs = watch.stop();
    const lines = [await writeLedger(result), ...describeResult(result), ...printed];
    if (hasPassed(result)) {
      console.log(lines.join('\n'));
      return;
    }
    if (standstillMs < STANDSTILL_MS_MAX || hasLost(result) || run === RUNS_MAX) {
      expect.fail(lines.join('\n'));
    }
    console.log(
      `the machine stood still for ${standstillMs} ms, so this counts for nothing:\n${lines.join('\n')}`,
    );
  }
}

/** No standstill is an excuse for these. */
function hasLost({ findings }: RunResult): boolean {
  return ALWAYS_SHOWN.some((finding) => (findings[finding] ?? 0) > 0);
}

/** Steps to one release, in this order. */
const stepsTo = (folder: TempFolder, ...services: readonly UpgradeStep['service'][]): UpgradeStep[] =>
  services.map((service) => ({ service, buildFolder: folder.path }));

const select = (run: Run, sql: string) =>
  withConnection(run.cluster.database.url, async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows[0];
  });

const schemaVersion = async (run: Run) =>
  Number((await select(run, 'SELECT MAX(version) AS version FROM schema_migrations'))?.['version']);

it('[REL-17] from 0.1.0 to this release, APIs first: nothing is lost, repeated or refused', async () => {
  const old = await buildRelease(OLD_COMMIT);
  await passes(`upgrade-from-${OLD_COMMIT}`, {
    buildFolder: old.path,
    buildWithoutDrain: old.path,
    steps: stepsTo(present, 'api-1', 'api-2', 'relay-1', 'relay-2'),
    afterwards: async (run) => {
      expect(await schemaVersion(run)).toBe(next.schemaVersion - 1);
    },
  });
  await old.remove();
});

it.each([
  ['relays first', ['relay-1', 'relay-2', 'api-1', 'api-2']],
  ['APIs first', ['api-1', 'api-2', 'relay-1', 'relay-2']],
  ['mixed', ['relay-2', 'api-1', 'relay-1', 'api-2']],
] as const)('[REL-17] [SCH-8] [SCH-9] to the next release and back: %s', async (order, services) => {
  const migratedBy = services.findIndex((service) => service.startsWith('api')) + 1;
  await passes(`upgrade-${order.replaceAll(' ', '-')}`, {
    buildFolder: present.path,
    steps: [...stepsTo(next.build, ...services), ...stepsTo(present, ...services)],
    afterStep: async (run, step) => {
      expect(await schemaVersion(run)).toBe(next.schemaVersion - (step < migratedBy ? 1 : 0));
      if (step < services.length) await warnsOfSchema(run, step, services);
      if (step === services.length) await usesWhatIsNew(run);
    },
    afterwards: async (run) => {
      const sql =
        "SELECT routine_comment AS text FROM information_schema.routines WHERE routine_schema = DATABASE() AND routine_name = 'publish_message'";
      expect((await select(run, sql))?.['text']).toBe(next.procedureComment);
    },
  });
});

/** A relay of the next release says that it waits for an API of it, and goes on without what is new. */
async function warnsOfSchema(
  run: Run,
  step: number,
  services: readonly UpgradeStep['service'][],
): Promise<void> {
  const isMigrated = services.slice(0, step).some((service) => service.startsWith('api'));
  const upgraded = run.cluster.relays.filter(({ name }) =>
    (services.slice(0, step) as readonly string[]).includes(name),
  );
  for (const { name, url } of upgraded) {
    const warns = async () => {
      const { warnings } = (await (await fetch(`${url}/readyz`)).json()) as { warnings: string[] };
      return warnings.join().includes('disabled until an API of this release');
    };
    await waitUntil(
      `${name} ${isMigrated ? 'warns no more' : 'warns'}`,
      async () => (await warns()) === !isMigrated,
      NOTICED_MS,
    );
  }
}

async function usesWhatIsNew(run: Run): Promise<void> {
  await waitUntil(
    'the relays use the new column',
    async () => Number((await select(run, 'SELECT SUM(next_release) AS n FROM acks'))?.['n']) > 0,
    NOTICED_MS,
  );
}

import type { TempFolder } from '@postline/test-support';
import { afterAll, beforeAll, expect } from 'vitest';
import { type BackingServers, startServers, stopServers } from '../../src/cluster/cluster.ts';
import { copyBuild } from '../../src/cluster/copied-build.ts';
import { describeResult, hasPassed, type RunResult } from '../../src/scenarios/run-result.ts';
import type { ScenarioSettings } from '../../src/scenarios/scenario.ts';

/** The long form is `npm run test:faults`; FAULT_SEED tries the short one with other faults. */
const SEED = process.env['FAULT_SEED'] ?? '1';

/** Runs a scenario and prints its result; if it fails, the message has all findings. */
export type Passes = (
  scenario: string,
  run: (settings: ScenarioSettings) => Promise<RunResult>,
) => Promise<RunResult>;

/** Gives the scenarios of a test file a separate build and separate servers. */
export function useScenarios(): Passes {
  let build: TempFolder;
  let servers: BackingServers;
  beforeAll(async () => {
    [build, servers] = await Promise.all([copyBuild(), startServers()]);
  });
  afterAll(async () => {
    await stopServers(servers);
    await build.remove();
  });
  return async (scenario, run) => {
    const printed: string[] = [];
    const print = (line: string) => printed.push(line);
    const result = await run({ scenario, seed: SEED, buildFolder: build.path, servers, print });
    const lines = describeResult(result);
    if (hasPassed(result)) console.log(lines.join('\n'));
    expect(hasPassed(result), [...lines, ...printed].join('\n')).toBe(true);
    return result;
  };
}

/** `npm run test:faults`: breaks a running system on purpose, and counts what it lost. `--list` shows the scenarios. */
import { mkdir, writeFile } from 'node:fs/promises';
import { SCENARIOS, type Scenario } from './all-scenarios.ts';
import { copyBuild } from './cluster/copied-build.ts';
import { startServers, stopServers } from './cluster/cluster.ts';
import { type CommandLine, CommandLineError, parseCommandLine, seedsOf } from './command-line.ts';
import { ALWAYS_SHOWN, describeResult, hasPassed, type RunResult } from './scenarios/run-result.ts';

const REPORTS_FOLDER = 'reports';

async function runOnce(scenario: Scenario, seed: string, options: CommandLine): Promise<RunResult> {
  const build = await copyBuild();
  const servers = await startServers();
  console.log(`scenario ${scenario.name}, seed ${seed}`);
  try {
    const settings = { scenario: scenario.name, seed, buildFolder: build.path, servers };
    return await scenario.run({ ...settings, print: (line) => console.log(`  ${line}`) }, options);
  } finally {
    await stopServers(servers);
    await build.remove();
  }
}

async function writeReport(name: string, result: unknown): Promise<void> {
  await mkdir(REPORTS_FOLDER, { recursive: true });
  const path = `${REPORTS_FOLDER}/faults-${name}.json`;
  await writeFile(path, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`  written to ${path}`);
}

/** The figures of several runs together. */
function summarise(results: readonly RunResult[]) {
  const sum = (figure: (result: RunResult) => number) =>
    results.reduce((total, result) => total + figure(result), 0);
  const found = new Set(results.flatMap(({ findings }) => Object.keys(findings)));
  return {
    scenario: results[0]?.scenario,
    seeds: results.map(({ seed }) => seed),
    passed: results.filter(hasPassed).length,
    seconds: sum(({ seconds }) => seconds),
    faults: sum(({ faults }) => faults),
    kinds: new Set(results.flatMap(({ faultsByKind }) => Object.keys(faultsByKind))).size,
    acked: sum(({ acked }) => acked),
    ackedAfterRetry: sum(({ ackedAfterRetry }) => ackedAfterRetry),
    replayed: sum(({ replayed }) => replayed),
    delivered: sum(({ delivered }) => delivered),
    connections: sum(({ connections }) => connections),
    caughtUpMsMax: Math.max(...results.map(({ caughtUpMs }) => caughtUpMs)),
    findings: Object.fromEntries(
      [...ALWAYS_SHOWN, ...found].map((finding) => [finding, sum(({ findings }) => findings[finding] ?? 0)]),
    ),
  };
}

async function main(options: CommandLine): Promise<void> {
  const scenario = SCENARIOS.find(({ name }) => name === options.scenario);
  if (options.list || scenario === undefined) {
    for (const { name, summary } of SCENARIOS) console.log(`${name.padEnd(20)} ${summary}`);
    process.exitCode = options.list ? 0 : 1;
    return;
  }
  const results: RunResult[] = [];
  for (const seed of seedsOf(options)) {
    const result = await runOnce(scenario, seed, options);
    for (const line of describeResult(result)) console.log(line);
    await writeReport(`${result.scenario}-${result.seed}`, result);
    results.push(result);
  }
  if (results.length > 1) {
    const summary = summarise(results);
    console.log(JSON.stringify(summary, null, 2));
    await writeReport(`${scenario.name}-${options.seed}-and-${results.length - 1}-more`, summary);
  }
  if (!results.every(hasPassed)) process.exitCode = 1;
}

for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(1)); // removes the folders too
try {
  await main(parseCommandLine(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof CommandLineError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
process.exit();

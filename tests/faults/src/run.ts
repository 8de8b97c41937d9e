/** `npm run test:faults`: breaks a running system on purpose and counts what it lost; see `--list`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { SCENARIOS, type Scenario } from './all-scenarios.ts';
import { copyBuild } from './cluster/copied-build.ts';
import { startServers, stopServers } from './cluster/cluster.ts';
import { type CommandLine, parseCommandLine, seedsOf } from './command-line.ts';
import { describeResult, hasPassed, type RunResult } from './scenarios/run-result.ts';

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

async function writeReport(result: RunResult): Promise<void> {
  await mkdir(REPORTS_FOLDER, { recursive: true });
  const path = `${REPORTS_FOLDER}/faults-${result.scenario}-${result.seed}.json`;
  await writeFile(path, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`  written to ${path}`);
}

function summarise(results: readonly RunResult[]): void {
  const sum = (figure: (result: RunResult) => number) =>
    results.reduce((total, result) => total + figure(result), 0);
  const kinds = new Set(results.flatMap(({ faultsByKind }) => Object.keys(faultsByKind)));
  const found = (finding: string) => sum(({ findings }) => findings[finding] ?? 0);
  console.log(
    `${results.length} runs: ${sum(({ faults }) => faults)} faults of ${kinds.size} kinds, ${sum(({ acked }) => acked)} acked, ` +
      `lost ${found('lost')}, repeated ${found('repeated')}, out of order ${found('out of order')}, leaked ${found('leaked')}; ` +
      `${results.filter(hasPassed).length} passed`,
  );
}

async function main(args: readonly string[]): Promise<void> {
  const options = parseCommandLine(args);
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
    await writeReport(result);
    results.push(result);
  }
  if (results.length > 1) summarise(results);
  if (!results.every(hasPassed)) process.exitCode = 1;
}

await main(process.argv.slice(2));
process.exit();

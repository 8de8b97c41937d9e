/**
 * `npm run test:known-bad` checks that the fault suite finds mistakes. Each known-bad build has one mistake: its
 * scenario must fail, for the right reason. The correct build must pass all of these scenarios.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { SCENARIOS } from '../../faults/src/all-scenarios.ts';
import { type BackingServers, startServers, stopServers } from '../../faults/src/cluster/cluster.ts';
import { copyModules } from '../../faults/src/cluster/copied-build.ts';
import { parseCommandLine } from '../../faults/src/command-line.ts';
import { hasPassed, type RunResult } from '../../faults/src/scenarios/run-result.ts';
import { KNOWN_BAD_BUILDS, type KnownBadBuild } from './known-bad-builds.ts';
import { KNOWN_BAD_GROUP_BUILDS } from './known-bad-group-builds.ts';
import { replaceInBuild } from './replace-in-build.ts';

const SEED = '1';
/** Options for scenarios of variable length. */
const SHORT = parseCommandLine(['--seed', SEED, '--messages', '100']);
/** A correct build needs less than 4 s for the last delivery. A broken one never delivers it. */
const SETTLE_MS = 5_000;

interface Verdict {
  readonly build: string;
  readonly scenario: string;
  readonly isRight: boolean;
  readonly findings: RunResult['findings'];
  /** The finding that failed it, or what was wrong with the correct build. */
  readonly line: string;
  readonly seconds: number;
}

interface Place {
  readonly buildFolder: string;
  readonly servers: BackingServers;
}

async function runScenario(name: string, place: Place): Promise<RunResult> {
  const scenario = SCENARIOS.find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
  const settings = { ...place, scenario: name, seed: SEED, settleMs: SETTLE_MS, print: () => undefined };
  return scenario.run(settings, SHORT);
}

async function judgeCorrect(scenario: string, place: Place): Promise<Verdict> {
  const result = await runScenario(scenario, place);
  const [line = 'nothing found'] = [...result.examples, ...result.unmet];
  return {
    build: 'correct',
    scenario,
    isRight: hasPassed(result),
    findings: result.findings,
    line,
    seconds: result.seconds,
  };
}

async function judgeBroken(bad: KnownBadBuild, place: Place): Promise<Verdict> {
  const repair = await replaceInBuild(place.buildFolder, bad.replacements);
  try {
    const { findings, examples, unmet, seconds } = await runScenario(bad.scenario, place);
    const found = bad.expected.find((finding) => (findings[finding] ?? 0) > 0);
    const line =
      found === undefined
        ? `expected ${bad.expected.join(' or ')}; instead: ${[...examples, ...unmet][0] ?? 'nothing found'}`
        : (examples.find((example) => example.startsWith(`${found}: `)) ?? found);
    const { name: build, scenario } = bad;
    return { build, scenario, isRight: found !== undefined, findings, line, seconds };
  } finally {
    await repair();
  }
}

function print({ build, scenario, isRight, line, seconds }: Verdict): void {
  const verdict = isRight ? (build === 'correct' ? 'passes' : 'caught') : 'WRONG ';
  console.log(
    `${verdict}  ${build.padEnd(28)} ${scenario.padEnd(15)} ${seconds.toFixed(0).padStart(3)} s  ${line}`,
  );
}

/** `--only TEXT` selects the builds whose names contain the text. */
function chosen(args: readonly string[]): readonly KnownBadBuild[] {
  const { values } = parseArgs({ args: [...args], options: { only: { type: 'string', default: '' } } });
  return [...KNOWN_BAD_BUILDS, ...KNOWN_BAD_GROUP_BUILDS].filter(({ name }) => name.includes(values.only));
}

async function main(): Promise<void> {
  const builds = chosen(process.argv.slice(2));
  const build = await copyModules();
  const servers = await startServers();
  const place = { buildFolder: build.path, servers };
  const verdicts: Verdict[] = [];
  const note = (verdict: Verdict) => {
    print(verdict);
    verdicts.push(verdict);
  };
  try {
    for (const scenario of new Set(builds.map((bad) => bad.scenario))) {
      note(await judgeCorrect(scenario, place));
    }
    for (const bad of builds) note(await judgeBroken(bad, place));
  } finally {
    await stopServers(servers);
    await build.remove();
  }
  await mkdir('reports', { recursive: true });
  await writeFile('reports/known-bad.json', `${JSON.stringify(verdicts, null, 2)}\n`);
  const wrong = verdicts.filter(({ isRight }) => !isRight).length;
  console.log(
    `${builds.length} known-bad builds and the correct one: ${wrong === 0 ? 'all as expected' : `${wrong} WRONG`}`,
  );
  process.exitCode = wrong === 0 ? 0 : 1;
}

for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(1)); // removes the folders too
await main();
process.exit();

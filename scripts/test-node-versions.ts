/**
 * Runs the unit and server tests on each supported Node version; `-- 22 26` picks some of them. The versions come from
 * the npm registry (packages `node-<platform>-<architecture>`), by npm's own cache. Exit code 1 if a version is not
 * available or a test fails on one.
 */
import { spawnSync, type SpawnSyncReturns, type StdioOptions } from 'node:child_process';

/** By major version, the releases that `engines` in package.json allows. */
const SUPPORTED_VERSIONS: Readonly<Record<string, string>> = {
  20: '^20.19.0',
  22: '^22.0.0',
  24: '^24.0.0',
  26: '^26.0.0',
};
const VITEST = 'node_modules/vitest/vitest.mjs';

function packageOf(range: string): string {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  return `node-${platform}-${process.arch}@${range}`;
}

/** Runs `node` of that package: `npm exec` puts it first in the PATH, so the tests' child processes use it too. */
function runNode(range: string, args: readonly string[], stdio: StdioOptions): SpawnSyncReturns<string> {
  const npmArgs = ['exec', '--yes', `--package=${packageOf(range)}`, '--', 'node', ...args];
  return spawnSync('npm', npmArgs, { encoding: 'utf8', stdio });
}

/** The exact version, or `undefined` (after an error message) where it can't be had or isn't of that range. */
function fetchedVersion(major: string): string | undefined {
  const range = SUPPORTED_VERSIONS[major];
  if (range === undefined) {
    console.error(
      `Node ${major} is not supported; choose from ${Object.keys(SUPPORTED_VERSIONS).join(', ')}.`,
    );
    return undefined;
  }
  const { status, stdout, stderr } = runNode(range, ['--version'], 'pipe');
  const version = stdout.trim();
  if (status === 0 && version.startsWith(`v${major}.`)) return version;
  console.error(`Node ${major} is not available: npm could not fetch ${packageOf(range)}.\n${stderr.trim()}`);
  return undefined;
}

function passesOn(major: string): boolean {
  const projects = ['unit', 'servers', 'timed'].flatMap((name) => ['--project', name]);
  const args = [VITEST, 'run', ...projects, '--reporter', 'default'];
  return runNode(SUPPORTED_VERSIONS[major] ?? '', args, 'inherit').status === 0;
}

function main(chosen: readonly string[]): void {
  const majors = chosen.length === 0 ? Object.keys(SUPPORTED_VERSIONS) : chosen;
  const versions = new Map(majors.map((major) => [major, fetchedVersion(major)]));
  if ([...versions.values()].includes(undefined)) {
    process.exitCode = 1;
    return;
  }
  const results = [...versions].map(([major, version]) => {
    console.log(`\n== Node ${version}`);
    const passed = passesOn(major);
    return `Node ${version}: ${passed ? 'passed' : 'failed'}`;
  });
  console.log(`\n${results.join('\n')}`);
  if (results.some((result) => result.endsWith('failed'))) process.exitCode = 1;
}

main(process.argv.slice(2));

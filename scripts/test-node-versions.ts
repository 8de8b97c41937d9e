/**
 * Runs the unit and server tests on each supported Node version; `-- 22 26` picks some of them. npm gets the versions
 * from its registry. Exit code 1 if a version is not available or a test fails on one.
 */
import { spawnSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { fetchNode, type NodeBinary, SUPPORTED_NODE_MAJORS } from '@postline/test-support';

const VITEST = 'node_modules/vitest/vitest.mjs';

/** The binary, or `undefined` after an error message. */
function fetchedNode(major: string): NodeBinary | undefined {
  try {
    return fetchNode(major);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

/** This Node comes first in the PATH, so the tests' child processes use it too. */
function passesOn({ path }: NodeBinary): boolean {
  const projects = ['unit', 'servers', 'timed'].flatMap((name) => ['--project', name]);
  const args = [VITEST, 'run', ...projects, '--reporter', 'default'];
  const env = { ...process.env, PATH: `${dirname(path)}${delimiter}${process.env['PATH'] ?? ''}` };
  return spawnSync(path, args, { stdio: 'inherit', env }).status === 0;
}

function main(chosen: readonly string[]): void {
  const majors = chosen.length === 0 ? SUPPORTED_NODE_MAJORS : chosen;
  const nodes = majors.map(fetchedNode);
  if (nodes.includes(undefined)) {
    process.exitCode = 1;
    return;
  }
  const results = nodes.flatMap((node) => {
    if (node === undefined) return [];
    console.log(`\n== Node ${node.version}`);
    return [`Node ${node.version}: ${passesOn(node) ? 'passed' : 'failed'}`];
  });
  console.log(`\n${results.join('\n')}`);
  if (results.some((result) => result.endsWith('failed'))) process.exitCode = 1;
}

main(process.argv.slice(2));

import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeTempFolder, type TempFolder } from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../scripts/dist/print-test-totals.js', import.meta.url));

let folder: TempFolder;
beforeAll(async () => {
  folder = await makeTempFolder('totals');
});
afterAll(() => folder.remove());

/** A report with one file of these test states. */
async function report(name: string, status: string, ...states: string[]): Promise<string> {
  const path = join(folder.path, name);
  const assertionResults = states.map((state) => ({ status: state }));
  const content = {
    success: status === 'passed',
    testResults: [{ name: 'a.test.ts', status, assertionResults }],
  };
  await writeFile(path, JSON.stringify(content));
  return path;
}

function totals(...paths: string[]) {
  const { status, stdout } = spawnSync(process.execPath, [PROGRAM, ...paths], { encoding: 'utf8' });
  return { status, lastLine: stdout.trim().split('\n').at(-1) };
}

it('sums up the runs; what was skipped is told and is no failure', async () => {
  const one = await report('one.json', 'passed', 'passed', 'passed', 'skipped', 'todo');
  const two = await report('two.json', 'passed', 'passed', 'pending');
  expect(totals(one, two)).toEqual({ status: 0, lastLine: '3 passed, 0 failed, 3 skipped' });
});

it('a failed test is a failure', async () => {
  const path = await report('failed.json', 'failed', 'passed', 'failed');
  expect(totals(path)).toEqual({ status: 1, lastLine: '1 passed, 1 failed, 0 skipped' });
});

it('a file that failed without a failed test is one', async () => {
  const path = await report('not-loaded.json', 'failed');
  expect(totals(path)).toEqual({ status: 1, lastLine: '0 passed, 1 failed, 0 skipped' });
});

it('a run that failed outside of its files still counts what passed', async () => {
  const path = join(folder.path, 'outside.json');
  const testResults = [{ name: 'a', status: 'passed', assertionResults: [{ status: 'passed' }] }];
  await writeFile(path, JSON.stringify({ success: false, testResults }));
  expect(totals(path)).toEqual({ status: 1, lastLine: '1 passed, 0 failed, 0 skipped' });
});

it('a report that is missing, unreadable or empty is a failure', async () => {
  const good = await report('good.json', 'passed', 'passed');
  const empty = await report('empty.json', 'passed');
  const text = join(folder.path, 'text.json');
  await writeFile(text, 'not JSON');
  for (const bad of [join(folder.path, 'missing.json'), empty, text]) {
    expect(totals(good, bad)).toEqual({ status: 1, lastLine: '1 passed, 0 failed, 0 skipped' });
  }
  expect(totals()).toEqual({ status: 1, lastLine: '0 passed, 0 failed, 0 skipped' });
});

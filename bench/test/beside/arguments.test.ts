import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parseBesideArguments } from '../../beside/arguments.ts';

const folder = mkdtempSync(join(tmpdir(), 'builds-'));
const build = makeBuild('old');
const another = makeBuild('older');
const namesake = makeBuild('copies/old');

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Makes a folder that looks like another build. */
function makeBuild(name: string): string {
  const root = join(folder, name);
  mkdirSync(join(root, 'api-server/dist'), { recursive: true });
  writeFileSync(join(root, 'api-server/dist/main.js'), '');
  return root;
}

it('takes a folder, and by default the load of w1', () => {
  expect(parseBesideArguments([`${build}/`])).toEqual({
    others: [{ name: 'old', kind: 'postline', root: build }],
    load: { pace: { kind: 'closed-loop', publishers: 64 }, messagesPerRequest: 1 },
    rounds: 40,
    sliceMs: 1_500,
    warmUpSeconds: 20,
    node: undefined,
  });
});

it('takes several systems, with the load among them', () => {
  const { others, load } = parseBesideArguments([build, 'socket.io + row', 'w4', 'socket.io', 'bare parts']);
  expect(others).toEqual([
    { name: 'old', kind: 'postline', root: build },
    { name: 'socket.io + row', kind: 'socket.io + row' },
    { name: 'socket.io', kind: 'socket.io' },
    { name: 'bare parts', kind: 'bare parts' },
  ]);
  expect(load.pace).toMatchObject({ kind: 'open-loop', messagesPerSecond: 200 });
});

it('takes another load, and lengths', () => {
  const lengths = ['--pairs', '2', '--slice-ms', '100', '--warm-up', '3', '--node', '26'];
  expect(parseBesideArguments([build, 'batch', ...lengths])).toMatchObject({
    ...{ rounds: 2, sliceMs: 100, warmUpSeconds: 3, node: '26' },
    load: { messagesPerRequest: 100 },
  });
});

it.each([
  [[], 'one to 4 other systems'],
  [['w1'], 'one to 4 other systems'],
  [[build, another, 'bare parts', 'socket.io', 'socket.io + row'], 'one to 4 other systems'],
  [[build, 'w1', 'w4'], 'at most one load'],
  [[build, 'w9'], '"w9" is no load, no peer and no root folder of a build'],
  [[folder], 'no root folder of a build'],
  [['constructor'], '"constructor" is no load'],
  [[build, namesake], 'two systems have the name "old"'],
  [['bare parts', 'bare parts'], 'two systems have the name "bare parts"'],
  [[build, 'socket.io', 'batch'], '"socket.io" takes no batches'],
  [[build, '--pairs', '0'], '--pairs takes a whole number'],
  [[build, '--pairs', 'many'], '--pairs takes a whole number'],
  [[build, '--pears', '1'], 'pears'],
])('refuses %j', (words, reason) => {
  expect(() => parseBesideArguments(words)).toThrow(reason);
});

import { spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeTempFolder, type TempFolder } from '@postline/test-support';
import { afterEach, beforeEach, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = `import { word } from '../../packages/words/dist/word.js';
const { later } = await import('./later.js');
console.log(word, later);
`;

/** A repository with the scripts of this one, one program, and a package that it uses. */
let folder: TempFolder;
beforeEach(async () => {
  folder = await makeTempFolder('programs');
  for (const script of ['bundling.cjs', 'bundle-programs.cjs'])
    await cp(join(ROOT, 'scripts', script), join(folder.path, 'scripts', script));
  await symlink(join(ROOT, 'node_modules'), join(folder.path, 'node_modules'));
  await write('package.json', '{ "type": "module" }');
  await write('packages/words/package.json', '{}');
  await write('packages/words/dist/word.js', "export const word = 'one';\n");
  await write('cli/dist/later.js', "export const later = new URL('../README.md', import.meta.url).href;\n");
  await write('cli/dist/main.js', MAIN);
});
afterEach(() => folder.remove());

async function write(file: string, text: string): Promise<void> {
  const path = join(folder.path, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

function run(...words: readonly string[]) {
  return spawnSync(process.execPath, words, { cwd: folder.path, encoding: 'utf8' });
}

const bundle = () => run('scripts/bundle-programs.cjs', 'cli').status;
const isCurrent = () => run('scripts/bundle-programs.cjs', '--check', 'cli').status === 0;
const output = () => run('dist/cli.mjs').stdout.trim();
const names = async () =>
  (await readdir(join(folder.path, 'dist'))).map((name) => name.replace(/-.*?\./, '.'));

it('makes a program that needs none of its modules; what is imported late is a file of its own', async () => {
  expect(bundle()).toBe(0);
  expect((await names()).sort()).toEqual([
    'bundled.json',
    'cli.mjs',
    'cli.mjs.map',
    'later.mjs',
    'later.mjs.map',
  ]);
  const fromModules = run('cli/dist/main.js').stdout.trim();
  await rm(join(folder.path, 'cli/dist'), { recursive: true });
  await rm(join(folder.path, 'packages'), { recursive: true });
  expect(output()).toMatch(/^one file:.*\/cli\/README\.md$/);
  expect(output()).toBe(fromModules);
});

it.each([
  { changed: 'a module', file: 'packages/words/dist/word.js', text: "export const word = 'two';\n" },
  { changed: 'what a name leads to', file: 'packages/words/package.json', text: '{ "exports": {} }' },
  { changed: 'the bundle', file: 'dist/cli.mjs', text: 'console.log("three");' },
])('notices that $changed has changed, and bundles again', async ({ file, text }) => {
  expect(isCurrent()).toBe(false);
  bundle();
  expect(isCurrent()).toBe(true);
  await write(file, text);
  expect(isCurrent()).toBe(false);
  bundle();
  expect(isCurrent()).toBe(true);
  expect(output()).toBe(run('cli/dist/main.js').stdout.trim());
});

it('leaves a current bundle alone, and removes the files of the one before', async () => {
  const writtenMs = async () => (await stat(join(folder.path, 'dist/cli.mjs'))).mtimeMs;
  bundle();
  const firstMs = await writtenMs();
  bundle();
  expect(await writtenMs()).toBe(firstMs);
  await write('cli/dist/main.js', "console.log('alone');\n");
  bundle();
  expect((await names()).sort()).toEqual(['bundled.json', 'cli.mjs', 'cli.mjs.map']);
  expect(output()).toBe('alone');
});

it('keeps the last bundle and fails if a module is missing', async () => {
  bundle();
  await write('cli/dist/main.js', "import './missing.js';\n");
  expect(bundle()).toBe(1);
  expect(isCurrent()).toBe(false);
  expect(output()).toMatch(/^one /);
});

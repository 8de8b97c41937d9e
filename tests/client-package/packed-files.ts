import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeTempFolder } from '@postline/test-support';

const run = promisify(execFile);

/** What `npm pack` takes. */
export async function packedFiles(folder: string): Promise<readonly string[]> {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: folder });
  const [packed] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  return packed.files.map(({ path }) => path);
}

/** Every path that `exports` names. */
export function pathsIn(value: unknown): string[] {
  return typeof value === 'string' ? [value] : Object.values(value as object).flatMap(pathsIn);
}

/** What a file of the package imports: its own files by relative paths, and others by their names. */
export function importsOf(folder: string, path: string): string[] {
  const text = readFileSync(join(folder, path), 'utf8');
  return Array.from(
    text.matchAll(/(?:\bfrom |\bimport |\bimport\(|\brequire\()["']([\w@./-]+)["']/g),
    ([, name = '']) => name,
  );
}

/** Rejects unless every resolver finds the packed package and its types. */
export async function checkTarball(packageFolder: string, ...attwWords: readonly string[]): Promise<void> {
  const folder = await makeTempFolder('tarball');
  try {
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder.path], { cwd: packageFolder });
    const [tarball = ''] = await readdir(folder.path);
    const bin = (name: string) => fileURLToPath(new URL(`../../node_modules/.bin/${name}`, import.meta.url));
    await run(bin('attw'), [join(folder.path, tarball), ...attwWords]);
    await run(bin('publint'), [join(folder.path, tarball), '--level', 'warning', '--strict']);
  } finally {
    await folder.remove();
  }
}

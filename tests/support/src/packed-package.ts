import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

/**
 * Packs a workspace of this repository as it is built now, and unpacks it below `folder`, where Node and bundlers find
 * it. Returns the folder of the package.
 */
export async function installPacked(workspace: string, folder: string): Promise<string> {
  const cwd = join(ROOT, workspace);
  const { name } = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8')) as { name: string };
  const words = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await run('npm', words, { cwd });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  const installed = join(folder, 'node_modules', name);
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', join(folder, filename), '-C', installed, '--strip-components', '1']);
  return installed;
}

/** Makes packages of the registry, which this repository has installed, available below `folder`. */
export async function linkInstalled(names: readonly string[], folder: string): Promise<void> {
  for (const name of names) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), link);
  }
}

import { cp, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeTempFolder, type TempFolder } from '@postline/test-support';

/** The repository's folder. These files run from `tests/faults/src` and from `tests/dist/faults/src`. */
export const ROOT = findRoot();
const SERVICES = ['api-server', 'websocket-server'];
/** What the services read at run time besides their code. */
const OTHER_FOLDERS = ['db', 'web-client'];
const BUNDLES = 'dist';

/** Copies the built services to a temporary folder. So a build in the meantime does not affect a run that takes hours. */
export async function copyBuild(): Promise<TempFolder> {
  const folder = await copyModules();
  await cp(join(ROOT, BUNDLES), join(folder.path, BUNDLES), { recursive: true });
  return folder;
}

/** The same without bundles: services run from these modules, which a run may change without affecting anybody else. */
export async function copyModules(): Promise<TempFolder> {
  const folder = await makeTempFolder('build');
  const packages = (await readdir(join(ROOT, 'packages'))).map((name) => join('packages', name));
  const workspaces = [...SERVICES, ...packages];
  for (const workspace of workspaces) {
    for (const part of ['dist', 'package.json']) {
      await cp(join(ROOT, workspace, part), join(folder.path, workspace, part), { recursive: true });
    }
  }
  for (const other of OTHER_FOLDERS) {
    await cp(join(ROOT, other), join(folder.path, other), {
      recursive: true,
      filter: (path) => !path.includes('node_modules'),
    });
  }
  await linkModules(folder.path, packages);
  return folder;
}

async function linkModules(folder: string, packages: readonly string[]): Promise<void> {
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, '@postline'), { recursive: true });
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    if (name === '@postline' || name === '.bin') continue;
    await symlink(join(ROOT, 'node_modules', name), join(modules, name));
  }
  for (const path of packages) {
    const { name } = JSON.parse(await readFile(join(folder, path, 'package.json'), 'utf8')) as {
      name: string;
    };
    await symlink(join(folder, path), join(modules, name));
  }
}

function findRoot(): string {
  const here = fileURLToPath(import.meta.url);
  return here.slice(0, here.lastIndexOf('/tests/') + 1);
}

import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { installPacked, linkInstalled, makeTempFolder, type TempFolder } from '@postline/test-support';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
}

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** The tarball of a workspace, installed in an empty folder with the dependencies that it declares. */
export class InstalledPackage {
  /** Where it is installed. */
  readonly folder: TempFolder;
  readonly #workspace: string;
  readonly #path: string;

  private constructor(workspace: string, folder: TempFolder, path: string) {
    this.#workspace = workspace;
    this.folder = folder;
    this.#path = path;
  }

  /** Of its dependencies those are linked that this repository has installed. */
  static async install(workspace: string): Promise<InstalledPackage> {
    const folder = await makeTempFolder('package');
    const source = join(ROOT, workspace);
    await run(process.execPath, ['bundle.cjs'], { cwd: source });
    const path = await installPacked(workspace, folder.path);
    await linkInstalled(Object.keys((await readManifest(path)).dependencies ?? {}), folder.path);
    return new InstalledPackage(source, folder, path);
  }

  /** The path of a program. */
  async program(name: string): Promise<string> {
    const { bin } = await readManifest(this.#path);
    return join(this.#path, bin?.[name] ?? 'none');
  }

  async files(): Promise<readonly string[]> {
    const entries = await readdir(this.#path, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.#path.length + 1));
  }

  /** Its dependencies, each with its range here and the one that the bundled workspaces have. */
  async dependencies(): Promise<readonly (readonly [string, string, string | undefined])[]> {
    const { dependencies = {} } = await readManifest(this.#path);
    const { devDependencies = {} } = await readManifest(this.#workspace);
    const ranges = new Map<string, string>();
    for (const name of Object.keys(devDependencies)) {
      const workspace = await readManifest(join(ROOT, 'node_modules', name));
      for (const [needed, range] of Object.entries(workspace.dependencies ?? {})) ranges.set(needed, range);
    }
    return Object.entries(dependencies).map(([name, range]) => [name, range, ranges.get(name)]);
  }

  /** The packages that its scripts import. */
  async importedPackages(): Promise<readonly string[]> {
    const scripts = (await this.files()).filter((file) => /^dist\/package\/[^/]+\.js$/.test(file));
    const texts = await Promise.all(scripts.map((file) => readFile(join(this.#path, file), 'utf8')));
    const imported = texts.flatMap((text) =>
      Array.from(text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)"([^"./][^"]*)"/g), ([, name = '']) => name),
    );
    const packages = imported
      .filter((name) => !name.startsWith('node:'))
      .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
    return [...new Set(packages)].sort();
  }
}

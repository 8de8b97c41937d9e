import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  makeTempFolder,
  publish,
  RelayClient,
  startProcess,
  type TempFolder,
  waitUntil,
} from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PACKAGE = join(ROOT, 'standalone');
const START_MS = 30_000;
const run = promisify(execFile);

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
}

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
}

let folder: TempFolder;
let installed: string;

/** Installs the packed package in an empty folder, with the declared dependencies that this repository has installed. */
beforeAll(async () => {
  folder = await makeTempFolder('package');
  await run(process.execPath, ['bundle.cjs'], { cwd: PACKAGE });
  const words = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder.path];
  const { stdout } = await run('npm', words, { cwd: PACKAGE });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  const modules = join(folder.path, 'node_modules');
  installed = join(modules, '@postline/standalone');
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', join(folder.path, filename), '-C', installed, '--strip-components', '1']);
  for (const name of Object.keys((await readManifest(installed)).dependencies ?? {})) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), join(modules, name));
  }
});
afterAll(() => folder.remove());

async function startInstalled(...words: readonly string[]) {
  const { bin } = await readManifest(installed);
  return startProcess({
    command: process.execPath,
    args: [join(installed, bin?.['postline-server'] ?? 'none'), ...words],
    env: { PATH: process.env['PATH'], API_PORT: '0', RELAY_PORT: '0' },
    cwd: folder.path,
  });
}

describe('@postline/standalone as it is published', () => {
  it('[STA-7] runs from its tarball in an empty folder: API, relay, page, client.js and docs', async () => {
    const postline = await startInstalled();
    const ready = () =>
      postline
        .output()
        .split('\n')
        .find((line) => line.includes('"msg":"ready"'));
    const line = await waitUntil('it is ready', ready, START_MS);
    const { api, page } = JSON.parse(line) as { api: string; page: string };
    const relay = new URL(page).origin;
    for (const url of [page, `${relay}/client.js`, `${api}/docs`, `${api}/openapi.json`])
      expect([url, (await fetch(url)).status]).toEqual([url, 200]);

    const reader = await RelayClient.identified(relay, { clientId: 1 });
    expect((await publish(api, { message: 'packed', targetId: 1 })).status).toBe(201);
    expect(await reader.messagesOnceThereAre(1)).toMatchObject([{ data: 'packed' }]);
    await reader.close();
    expect(await postline.end()).toBe(0);
    expect(await readdir(join(folder.path, 'data'))).toContain('postline.sqlite');
  });

  it('[STA-7] brings its commands', async () => {
    const keys = await startInstalled('keys', 'new', 'shop');
    expect(await keys.ended).toBe(0);
    expect(keys.output()).toContain("PUBLISH_KEYS='shop:");
    const help = await startInstalled('token', '--help');
    expect(await help.ended).toBe(0);
    expect(help.output()).toContain('Usage: postline-server token CLIENT_ID');
  });

  it('[STA-7] has what it runs, and declares what it needs as the workspaces do', async () => {
    const files = (await readdir(installed, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
    expect(files).toContain('dist/package/db/migrations/0010-members.sql');
    expect(files.filter((file) => /\.(ts|map|tsbuildinfo)$|\/test\//.test(file))).toEqual([]);

    const { dependencies = {}, devDependencies = {} } = await readManifest(installed);
    const ranges = new Map<string, string>();
    for (const name of Object.keys(devDependencies)) {
      const workspace = await readManifest(join(ROOT, 'node_modules', name));
      for (const [needed, range] of Object.entries(workspace.dependencies ?? {})) ranges.set(needed, range);
    }
    for (const [name, range] of Object.entries(dependencies))
      expect([name, range]).toEqual([name, ranges.get(name)]);

    const scripts = files.filter((file) => /^dist\/package\/[^/]+\.js$/.test(file));
    const texts = await Promise.all(scripts.map((file) => readFile(join(installed, file), 'utf8')));
    const imported = texts.flatMap((text) =>
      Array.from(text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)"([^"./][^"]*)"/g), ([, name = '']) => name),
    );
    const packages = imported
      .filter((name) => !name.startsWith('node:'))
      .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
    expect([...new Set(packages)].sort()).toEqual(Object.keys(dependencies).sort());
  });
});

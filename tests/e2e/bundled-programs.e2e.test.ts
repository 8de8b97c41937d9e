import { spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  launch,
  makeTempFolder,
  programOf,
  startApi,
  startProcess,
  startRelay,
  type TempFolder,
  waitUntil,
} from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshServers } from './system.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const START_MS = 30_000;
/** What the programs read besides their code. */
const DATA = ['db', 'packages/client-sdk/dist/client.js'];
const PAGES = /^(?:dist|dist\/.*\.js|.*\.(?:html|css|svg))$/;

describe('npm run build', () => {
  it('has bundled each program, from the modules that are there', () => {
    const { status } = spawnSync(process.execPath, ['scripts/bundle-programs.cjs', '--check'], { cwd: ROOT });
    expect(status, 'run npm run build').toBe(0);
  });

  it.each([
    { workspace: 'standalone', script: 'start', words: '' },
    { workspace: 'api-server', script: 'api', words: '' },
    { workspace: 'websocket-server', script: 'relay', words: '' },
    { workspace: 'cli', script: 'postline', words: '' },
    { workspace: 'cli', script: 'keys', words: ' keys' },
  ])('npm run $script and the tests start the bundle', async ({ workspace, script, words }) => {
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts[script]).toBe(`node dist/${workspace}.mjs${words}`);
    expect(programOf(workspace)).toBe(join(ROOT, 'dist', `${workspace}.mjs`));
  });
});

describe('without any module of the workspaces', () => {
  let folder: TempFolder;
  beforeAll(async () => {
    folder = await copyWithoutModules();
  });
  afterAll(() => folder.remove());

  it('the relay and the API start, the API as two workers', async () => {
    const { servers, database } = await freshServers();
    const program = { root: folder.path };
    const api = await startApi(servers, { WORKERS: '2' }, program);
    const relay = await startRelay(servers, { OPS_PAGE: 'on' }, program);
    expect((await fetch(`${api.url}/docs`)).status).toBe(200);
    for (const path of ['/?clientId=1', '/client.js', '/ops'])
      expect([path, (await fetch(`${relay.url}${path}`)).status]).toEqual([path, 200]);
    expect([await api.stop(), await relay.stop()]).toEqual([0, 0]);
    await database.drop();
  });

  it('npm start starts, and its commands', async () => {
    const env = { API_PORT: '0', RELAY_PORT: '0', DATA_DIR: join(folder.path, 'data') };
    const postline = launch('standalone', env, { root: folder.path });
    await waitUntil('it is ready', () => postline.output().includes('"msg":"ready"'), START_MS);
    expect(await postline.end()).toBe(0);
    expect(await outputOf('standalone', 'keys', 'new', 'shop')).toContain("PUBLISH_KEYS='shop:");
  });

  it('the command line starts', async () => {
    expect(await outputOf('cli', '--help')).toMatch(/^Usage: postline /);
    expect(await outputOf('cli', 'doctor', '--help')).toMatch(/^Usage: postline doctor /);
  });

  async function outputOf(workspace: string, ...words: readonly string[]): Promise<string> {
    const args = [programOf(workspace, folder.path), ...words];
    const command = startProcess({ command: process.execPath, args, env: {} });
    expect(await command.ended).toBe(0);
    return command.output();
  }
});

/** The bundles, what the registry has, and what the programs read. */
async function copyWithoutModules(): Promise<TempFolder> {
  const folder = await makeTempFolder('bundles');
  const copy = (path: string, filter: (path: string) => boolean = () => true) =>
    cp(join(ROOT, path), join(folder.path, path), { recursive: true, filter });
  await Promise.all(['dist', ...DATA].map((path) => copy(path)));
  const pages = join(ROOT, 'web-client');
  await copy('web-client', (path) => path === pages || PAGES.test(path.slice(pages.length + 1)));
  await linkInstalled(join(folder.path, 'node_modules'));
  return folder;
}

async function linkInstalled(modules: string): Promise<void> {
  await mkdir(modules);
  const names = await readdir(join(ROOT, 'node_modules'));
  for (const name of names.filter((name) => name !== '@postline'))
    await symlink(join(ROOT, 'node_modules', name), join(modules, name));
}

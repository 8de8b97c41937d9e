/** The package as it is published, installed from its tarball, on platforms other than Node and browsers. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import {
  makeTempFolder,
  type StandaloneProcess,
  startStandalone,
  type TempFolder,
} from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';

const PACKAGE = fileURLToPath(new URL('../../packages/client-sdk/', import.meta.url));
const PROGRAMS = fileURLToPath(new URL('programs/', import.meta.url));
/** They come from the npm registry, 300 MB altogether. */
const TOOLS = ['bun@^1', 'deno@^2', 'jest@^30', 'jest-environment-jsdom@^30', 'metro@^0.83'];

const SEEN = {
  received: [
    [1, 'missed', true],
    [2, '{"live":true}', false],
  ],
  earlier: ['{"live":true}'],
  state: 'closed',
};

/** The part of Metro that is used here; it is not among the dependencies. */
interface Metro {
  loadConfig(where: { cwd: string; projectRoot: string }): Promise<object>;
  runBuild(
    config: object,
    options: { entry: string; platform: string; dev: boolean; out: string },
  ): Promise<{ code: string }>;
}

const run = promisify(execFile);
let folder: TempFolder;
let services: StandaloneProcess;

beforeAll(async () => {
  folder = await makeTempFolder('client-platforms');
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder.path], { cwd: PACKAGE });
  const [tarball = ''] = await readdir(folder.path);
  await cp(PROGRAMS, folder.path, { recursive: true });
  await writeFile(join(folder.path, 'package.json'), '{}');
  await run('npm', ['install', '--no-audit', '--no-fund', `./${tarball}`, ...TOOLS], { cwd: folder.path });
  services = await startStandalone();
});

afterAll(async () => {
  await services.stop();
  await folder.remove();
});

/** Runs an installed tool in the folder; resolves with its standard output. */
async function tool(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout } = await run(join(folder.path, 'node_modules/.bin', name), args, {
    cwd: folder.path,
    env: { ...process.env, ...env },
    timeout: 60_000,
  });
  return stdout;
}

it.each([
  ['bun', ['run', 'run.mjs']],
  ['deno', ['run', '--allow-all', '--node-modules-dir=manual', 'run.mjs']],
])('[SDK-27] %s: a client receives, reads back and closes', async (name, args) => {
  const output = await tool(name, [...args, services.relayUrl, services.apiUrl, name]);
  expect(JSON.parse(output)).toEqual(SEEN);
});

it.each(['node', 'jsdom'])('[SDK-27] Jest with the environment %s', async (environment) => {
  const resultFile = join(folder.path, `${environment}.json`);
  const { relayUrl, apiUrl } = services;
  const EXCHANGE = JSON.stringify({ relayUrl, apiUrl, clientId: `jest-${environment}`, resultFile });
  await tool('jest', ['--env', environment, '--rootDir', folder.path], { EXCHANGE });
  const seen: unknown = JSON.parse(await readFile(resultFile, 'utf8'));
  expect(seen).toEqual({ ...SEEN, isPage: environment === 'jsdom' });
});

it('[SDK-27] Metro bundles it for React Native, whose globals are enough', async () => {
  const load = createRequire(join(folder.path, 'package.json'));
  const metro = load('metro') as Metro;
  const config = await metro.loadConfig({ cwd: folder.path, projectRoot: folder.path });
  const { code } = await metro.runBuild(config, {
    entry: 'entry.js',
    platform: 'ios',
    dev: false,
    out: join(folder.path, 'metro-bundle.js'),
  });
  const world: Record<string, unknown> = { setTimeout, clearTimeout, performance, fetch, WebSocket, console };
  runInNewContext(code, Object.assign(world, { global: world, window: world }));
  const { exchange } = load('./exchange.cjs') as { exchange: (...args: unknown[]) => Promise<unknown> };
  const { relayUrl, apiUrl } = services;
  expect(await exchange(world['library'], { relayUrl, apiUrl, clientId: 'metro' })).toEqual(SEEN);
  expect(code).not.toContain('perMessageDeflate'); // the entry for Node
});

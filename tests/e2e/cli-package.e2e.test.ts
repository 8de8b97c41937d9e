import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type StandaloneProcess, startStandalone } from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InstalledPackage } from './installed-package.ts';

const PUBLINT = fileURLToPath(new URL('../../node_modules/.bin/publint', import.meta.url));
const WORKSPACE = fileURLToPath(new URL('../../cli', import.meta.url));
const run = promisify(execFile);

let installed: InstalledPackage;
let system: StandaloneProcess;
beforeAll(async () => {
  [installed, system] = await Promise.all([InstalledPackage.install('cli'), startStandalone()]);
});
afterAll(async () => {
  await Promise.all([installed.folder.remove(), system.stop()]);
});

async function runInstalled(...words: readonly string[]): Promise<string> {
  const env = {
    PATH: process.env['PATH'],
    POSTLINE_API_URL: system.apiUrl,
    POSTLINE_RELAY_URL: system.relayUrl,
  };
  const program = await installed.program('postline');
  const { stdout } = await run(process.execPath, [program, ...words], { env, cwd: installed.folder.path });
  return stdout;
}

describe('@postline/cli as it is published', () => {
  it('[CLI-8] runs from its tarball in an empty folder', async () => {
    expect(JSON.parse(await runInstalled('send', '1', 'packed'))).toMatchObject({ offset: 1 });
    expect(JSON.parse(await runInstalled('history', '1'))).toMatchObject({ data: 'packed' });
    expect(await runInstalled('doctor')).toContain('messages arrived');
    expect(await runInstalled('key', 'new', 'shop')).toContain("PUBLISH_KEYS='shop:");
  });

  it('[CLI-8] has what it runs, and declares what it needs as the workspaces do', async () => {
    const files = await installed.files();
    expect(files.filter((file) => /\.(ts|map|tsbuildinfo)$|\/test\//.test(file))).toEqual([]);
    const dependencies = await installed.dependencies();
    for (const [name, range, ofWorkspaces] of dependencies)
      expect([name, range]).toEqual([name, ofWorkspaces]);
    expect(await installed.importedPackages()).toEqual(dependencies.map(([name]) => name).sort());
    await run(PUBLINT, [WORKSPACE, '--level', 'warning', '--strict']);
  });
});

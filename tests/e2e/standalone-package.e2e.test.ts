import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { publish, RelayClient, startProcess, waitUntil } from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InstalledPackage } from './installed-package.ts';

const START_MS = 30_000;

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await InstalledPackage.install('standalone');
});
afterAll(() => installed.folder.remove());

async function startInstalled(...words: readonly string[]) {
  return startProcess({
    command: process.execPath,
    args: [await installed.program('postline-server'), ...words],
    env: { PATH: process.env['PATH'], API_PORT: '0', RELAY_PORT: '0' },
    cwd: installed.folder.path,
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
    expect(await readdir(join(installed.folder.path, 'data'))).toContain('postline.sqlite');
  });

  it('[STA-7] brings its commands', async () => {
    const keys = await startInstalled('keys', 'new', 'shop');
    expect(await keys.ended).toBe(0);
    expect(keys.output()).toContain("PUBLISH_KEYS='shop:");
    const help = await startInstalled('token', '--help');
    expect(await help.ended).toBe(0);
    expect(help.output()).toContain('Usage: postline-server token [options] <clientId>');
  });

  it('[STA-7] has what it runs, and declares what it needs as the workspaces do', async () => {
    const files = await installed.files();
    expect(files).toContain('dist/package/db/migrations/0010-members.sql');
    expect(files.filter((file) => /\.(ts|map|tsbuildinfo)$|\/test\//.test(file))).toEqual([]);
    const dependencies = await installed.dependencies();
    for (const [name, range, ofWorkspaces] of dependencies)
      expect([name, range]).toEqual([name, ofWorkspaces]);
    expect(await installed.importedPackages()).toEqual(dependencies.map(([name]) => name).sort());
  });
});

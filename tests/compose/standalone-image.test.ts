import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { freePort, publish, RelayClient, waitUntil } from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { docker } from './compose-project.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const READY_MS = 60_000;
const NAME = `postline-test-${randomBytes(4).toString('hex')}`;

let apiPort: number;
let relayPort: number;

beforeAll(async () => {
  [apiPort, relayPort] = [await freePort(), await freePort()];
  await docker('build', '--quiet', '--target', 'standalone', '--tag', NAME, ROOT);
});
afterAll(async () => {
  await docker('rm', '--force', NAME).catch(() => undefined);
  await docker('volume', 'rm', '--force', NAME);
  await docker('image', 'rm', '--force', NAME);
});

/** Starts the image as the README does, with further protection; resolves when it is ready. */
async function start(): Promise<void> {
  const ports = [`${apiPort}:8080`, `${relayPort}:3000`].flatMap((pair) => ['-p', `127.0.0.1:${pair}`]);
  const open = ['-e', 'AUTH=open', '-e', 'ALLOW_OPEN_IN_PRODUCTION=yes'];
  const bounds = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges:true'];
  await docker('run', '--detach', '--name', NAME, ...ports, '-v', `${NAME}:/data`, ...open, ...bounds, NAME);
  const isReady = () =>
    fetch(`http://localhost:${apiPort}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitUntil('the container is ready', isReady, READY_MS);
}

/** Stops and removes the container; its exit code. */
async function stop(): Promise<string> {
  await docker('stop', '--time', '15', NAME);
  const code = (await docker('inspect', '--format', '{{.State.ExitCode}}', NAME)).trim();
  await docker('rm', NAME);
  return code;
}

describe('the standalone image', () => {
  it('[BOX-11] serves API, page and relay, and keeps its messages in the volume', async () => {
    await start();
    const relayUrl = `http://localhost:${relayPort}`;
    for (const path of ['/', '/client.js']) expect((await fetch(relayUrl + path)).status).toBe(200);
    expect((await publish(`http://localhost:${apiPort}`, { message: 'kept', targetId: 1 })).status).toBe(201);
    expect((await docker('exec', NAME, 'id', '-u')).trim()).not.toBe('0');
    expect(await stop()).toBe('0');

    await start();
    const reader = await RelayClient.identified(relayUrl, { clientId: 1, resume: 'start' });
    expect(await reader.messagesOnceThereAre(1)).toMatchObject([{ data: 'kept' }]);
    await reader.close();
    expect(await stop()).toBe('0');
  });

  it('[BOX-11] runs commands, holds no source or development dependency, and is not open unasked', async () => {
    expect(await docker('run', '--rm', NAME, 'keys', 'new', 'shop')).toContain("PUBLISH_KEYS='shop:");
    const list = await docker(
      'run',
      '--rm',
      '--entrypoint',
      'find',
      NAME,
      '/app',
      '-name',
      '*.ts',
      '-o',
      '-name',
      'typescript',
    );
    const files = list.split('\n').filter((file) => file !== '' && !file.includes('/node_modules/'));
    expect(files).toEqual([]);
    expect(list).not.toMatch(/node_modules\/typescript$/m);
    await expect(docker('run', '--rm', NAME)).rejects.toThrow(/CLIENT_TOKEN_SECRET/);
  });
});

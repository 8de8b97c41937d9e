import { execFileSync } from 'node:child_process';
import {
  findProgram,
  publish,
  RelayClient,
  type ServiceEnvironment,
  startApi,
  startProcess,
  startStandalone,
  makeTempFolder,
} from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSystem, type System } from './system.ts';

const COMMAND = new URL('../../api-server/dist/new-epoch.js', import.meta.url).pathname;

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(async () => {
  await system.stop();
});

/** Runs the command; its exit code and what it said. */
async function newEpoch(env: ServiceEnvironment, ...words: readonly string[]) {
  const command = startProcess({
    command: process.execPath,
    args: [COMMAND, ...words],
    env: { PATH: process.env['PATH'], ...env },
  });
  return { code: await command.ended, output: command.output() };
}

function clientWords(): string[] {
  const { hostname, port } = new URL(system.database.url);
  return [
    '--no-defaults',
    `--host=${hostname}`,
    `--port=${port}`,
    '--protocol=tcp',
    '--user=root',
    system.database.name,
  ];
}

it('[EPO-1] [DEL-5] [DEL-9] after an older backup was restored, readers are told, and get what is new', async () => {
  const send = (apiUrl: string, message: string) => publish(apiUrl, { message, targetId: 'r' });
  for (const message of ['1', '2', '3', '4', '5']) await send(system.api.url, message);
  const dump = execFileSync(findProgram('mariadb-dump', 'mysqldump'), [
    ...clientWords().slice(0, -1),
    '--routines',
    system.database.name,
  ]);
  const connected = await RelayClient.identified(system.relay.url, { clientId: 'r' });
  for (const message of ['lost 6', 'lost 7', 'lost 8']) await send(system.api.url, message);
  await connected.messagesOnceThereAre(3);
  const { epoch: oldEpoch } = await connected.frame('identified');

  expect(await system.api.stop()).toBe(0);
  execFileSync(findProgram('mariadb', 'mysql'), clientWords(), { input: dump });
  const { code, output } = await newEpoch({ DATABASE_URL: system.database.url });
  expect(code, output).toBe(0);
  expect(output).toContain(', after '); // the old epoch, or the one that the relay has begun meanwhile
  expect(output).toContain('1 targets');

  expect(await connected.closed()).toBe(4003);
  const api = await startApi(system.servers);
  const resumeAt = (offset: number) =>
    RelayClient.identified(system.relay.url, {
      clientId: 'r',
      resume: { epoch: String(oldEpoch), offsets: { r: offset } },
    });
  const ahead = await resumeAt(8);
  expect(await ahead.frame('identified')).toMatchObject({
    targets: { r: { offset: 5, head: 5, recovered: false } },
  });
  const behind = await resumeAt(3);
  expect(await behind.frame('identified')).toMatchObject({
    targets: { r: { offset: 3, head: 5, recovered: false } },
  });
  expect((await send(api.url, 'new 6')).body).toMatchObject({ offset: 6 });
  expect((await ahead.messagesOnceThereAre(1)).map((frame) => frame['data'])).toEqual(['new 6']);
  expect((await behind.messagesOnceThereAre(3)).map((frame) => frame['data'])).toEqual(['4', '5', 'new 6']);
  expect((await ahead.frame('identified'))['epoch']).not.toBe(oldEpoch);
  await Promise.all([ahead.close(), behind.close()]);
  expect(await api.stop()).toBe(0);
});

it('[EPO-2] a wrong time, or a database that is not there, changes nothing and says why', async () => {
  const wrong = await newEpoch({ DATABASE_URL: system.database.url }, '--restored-at', 'yesterday');
  expect(wrong).toMatchObject({ code: 2, output: expect.stringContaining('with its zone') });
  const folder = await makeTempFolder('new-epoch');
  const missing = await newEpoch({ DATA_DIR: folder.path });
  expect(missing).toMatchObject({ code: 1, output: expect.stringContaining('no such file') });
  await folder.remove();
});

it('[EPO-1] the embedded database too', async () => {
  const folder = await makeTempFolder('new-epoch');
  const first = await startStandalone({ DATA_DIR: folder.path });
  await publish(first.apiUrl, { message: 'one', targetId: 'r' });
  await first.stop();
  const { code, output } = await newEpoch({ DATA_DIR: folder.path });
  expect(code, output).toBe(0);
  const second = await startStandalone({ DATA_DIR: folder.path });
  const resume = { epoch: 'of before', offsets: { r: 1 } };
  const reader = await RelayClient.identified(second.relayUrl, { clientId: 'r', resume });
  expect(await reader.frame('identified')).toMatchObject({
    targets: { r: { offset: 1, head: 1, recovered: false } },
  });
  await reader.close();
  await second.stop();
  await folder.remove();
});

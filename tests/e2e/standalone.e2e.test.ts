import {
  launch,
  makeTempFolder,
  programOf,
  publish,
  RelayClient,
  startProcess,
  startStandalone,
  waitUntil,
} from '@postline/test-support';
import { describe, expect, it } from 'vitest';
import { freshServers } from './system.ts';

const MAIN = programOf('standalone');
const START_MS = 30_000;

const isReady = (entry: Record<string, unknown>) => entry['msg'] === 'ready';

describe('npm start', () => {
  it('[LOG-7] keeps its log over a restart: what was missed arrives', async () => {
    const folder = await makeTempFolder('kept');
    const first = await startStandalone({ DATA_DIR: folder.path });
    const reader = await RelayClient.identified(first.relayUrl, { clientId: 1 });
    const { epoch } = await reader.frame('identified');
    await publish(first.apiUrl, { message: 'one', targetId: 1 });
    expect(await first.stop()).toBe(0);
    expect(await reader.closed()).toBe(1001);

    const second = await startStandalone({ DATA_DIR: folder.path });
    const resume = { epoch: epoch as string, offsets: { '1': 0 } };
    const again = await RelayClient.identified(second.relayUrl, { clientId: 1, resume });
    await publish(second.apiUrl, { message: 'two', targetId: 1 });
    expect((await again.messagesOnceThereAre(2)).map((frame) => frame['data'])).toEqual(['one', 'two']);
    await again.close();
    expect(await second.stop()).toBe(0);
    await folder.remove();
  });

  it('[PUB-1] [DEL-1] uses real servers where both URLs are set', async () => {
    const { servers, database } = await freshServers();
    const { databaseUrl, redisUrl, redisPrefix } = servers;
    const postline = await startStandalone({
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      REDIS_PREFIX: redisPrefix,
    });
    const reader = await RelayClient.identified(postline.relayUrl, { clientId: 1 });
    expect((await publish(postline.apiUrl, { message: 'real', targetId: 1 })).body['status']).toBe('sent');
    await reader.messagesOnceThereAre(1);
    await reader.close();
    expect(await postline.stop()).toBe(0);
    await database.drop();
  });

  it.each([
    { set: 'DATABASE_URL', value: 'mysql://root@127.0.0.1:3306/postline', missing: 'REDIS_URL' },
    { set: 'REDIS_URL', value: 'redis://127.0.0.1:6379', missing: 'DATABASE_URL' },
  ])('[OPS-2] refuses to start with $set alone, naming $missing', async ({ set, value, missing }) => {
    const refused = launch('standalone', { [set]: value });
    expect(await refused.ended).toBe(1);
    expect(refused.output().trim().split('\n')).toEqual([expect.stringMatching(`^${missing}: `)]);
  });

  it('[OPS-1] names every wrong variable, one line each, and no value', async () => {
    const refused = launch('standalone', { API_PORT: 'eighty', LOG_LEVEL: 'loud', HEARTBEAT_SECONDS: '0' });
    expect(await refused.ended).toBe(1);
    const lines = refused.output().trim().split('\n');
    expect(lines.map((line) => line.split(':')[0]).sort()).toEqual([
      'API_PORT',
      'HEARTBEAT_SECONDS',
      'LOG_LEVEL',
    ]);
    expect(refused.output()).not.toContain('eighty');
  });

  it('[OPS-1] NODE_ENV=production asks for authentication, and for what tokens are checked with', async () => {
    const refused = launch('standalone', { NODE_ENV: 'production' });
    expect(await refused.ended).toBe(1);
    expect(refused.output()).toMatch(/^CLIENT_TOKEN_SECRET: /);
  });

  it('[OPS-3] [OPS-4] tells how it is, and that it is open', async () => {
    const postline = await startStandalone();
    for (const url of [postline.apiUrl, postline.relayUrl]) {
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      const answer = await fetch(`${url}/readyz`);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({
        status: 'ready',
        warnings: [expect.stringContaining('AUTH=open')],
      });
      expect(await (await fetch(`${url}/metrics`)).text()).toContain('process_cpu_seconds_total');
    }
    expect(postline.process.output()).toContain('AUTH=open');
    expect(await postline.stop()).toBe(0);
  });

  it('[STA-5] a second start on the same data is refused and names the first; a killed one blocks nobody', async () => {
    const folder = await makeTempFolder('shared');
    const first = await startStandalone({ DATA_DIR: folder.path });
    const second = launch('standalone', { DATA_DIR: folder.path, API_PORT: '0', RELAY_PORT: '0' });
    expect(await second.ended).toBe(1);
    const holder = `process ${first.process.pid}, started [0-9TZ:.-]+, http://localhost:\\d+/\\?clientId=1`;
    expect(second.output().trim()).toMatch(
      new RegExp(`^DATA_DIR: ${folder.path} is in use by another Postline \\(${holder}\\)$`),
    );
    await first.process.end('SIGKILL');
    const third = await startStandalone({ DATA_DIR: folder.path });
    expect(await third.stop()).toBe(0);
    await folder.remove();
  });

  it('[STA-3] [STA-4] names the variable of a taken port, and of a misspelled setting', async () => {
    const first = await startStandalone({ PULISH_KEYS: 'x', PORT: '1' });
    expect(first.process.output()).toContain('PULISH_KEYS: is not a setting; did you mean PUBLISH_KEYS?');
    expect(first.process.output()).toContain('PORT: has no effect here; use API_PORT and RELAY_PORT');
    const folder = await makeTempFolder('taken');
    const { port } = new URL(first.relayUrl);
    const env = { DATA_DIR: folder.path, API_PORT: '0', RELAY_PORT: port, LOG_LEVL: 'warn' };
    const second = launch('standalone', env);
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`RELAY_PORT: port ${port} of 127.0.0.1 is taken`);
    expect(second.output()).toContain('LOG_LEVL: is not a setting; did you mean LOG_LEVEL?');
    expect(await first.stop()).toBe(0);
    await folder.remove();
  });

  it('[STA-1] [STA-6] logs for people and prints a banner on a terminal, and JSON lines elsewhere', async () => {
    const folder = await makeTempFolder('terminal');
    const env = { API_PORT: '0', RELAY_PORT: '0', DATA_DIR: folder.path, PATH: process.env['PATH'] };
    // util-linux: the command's standard output is a terminal.
    const words = ['-qfec', `"${process.execPath}" "${MAIN}"`, '/dev/null'];
    const terminal = startProcess({ command: 'script', args: words, env: { ...env, TERM: 'xterm' } });
    await waitUntil('the banner is there', () => terminal.output().includes('Ctrl-C ends it.'), START_MS);
    expect(terminal.output()).toMatch(/WARN.* .*standalone.* AUTH=open/);
    expect(terminal.output()).toContain(`Data   ${folder.path}/postline.sqlite`);
    expect(terminal.output()).not.toContain('"msg"');
    await terminal.end();

    const postline = await startStandalone();
    const lines = postline.process.output().trim().split('\n');
    const ready = lines.map((line) => JSON.parse(line) as Record<string, unknown>).find(isReady);
    const [api, relay] = [postline.apiUrl, postline.relayUrl].map((url) =>
      url.replace('127.0.0.1', 'localhost'),
    );
    expect(ready).toMatchObject({ api, docs: `${api}/docs`, page: `${relay}/?clientId=1`, auth: 'open' });
    expect((await fetch(String(ready?.['page']))).status).toBe(200);
    expect((await fetch(String(ready?.['docs']))).status).toBe(200);
    expect(await postline.stop()).toBe(0);
  });

  it('[STA-2] prints the usage of each command, and starts nothing', async () => {
    const outputs: readonly (readonly [readonly string[], RegExp])[] = [
      [['--help'], /^Usage: npm start/],
      [['keys', '--help'], /^Usage: npm run keys/],
      [['token', '-h'], /^Usage: npm run token/],
      [['new-epoch', '--help'], /^Usage: npm run new-epoch/],
      [['keys', 'new', 'shop'], /^# The key/],
    ];
    const commands = outputs.map(([words, output]) => {
      const command = startProcess({ command: process.execPath, args: [MAIN, ...words], env: {} });
      return { command, words, output };
    });
    for (const { command, words, output } of commands) {
      expect([words, await command.ended]).toEqual([words, 0]);
      expect(command.output()).toMatch(output);
    }
  });
});

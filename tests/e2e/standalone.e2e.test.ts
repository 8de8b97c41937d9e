import { launch, makeTempFolder, publish, RelayClient, startStandalone } from '@postline/test-support';
import { describe, expect, it } from 'vitest';
import { freshServers } from './system.ts';

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
});

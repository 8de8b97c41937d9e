import {
  type DatabaseServer,
  publish,
  RelayClient,
  type ServiceProcess,
  startApi,
  startDatabase,
  startRelay,
  waitUntil,
} from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freezeAndKill } from './system.ts';

const REFUSED_WITHIN_MS = 5_000;
const WORKING_AGAIN_MS = 5_000;

let server: DatabaseServer;
let api: ServiceProcess;
let relay: ServiceProcess;

beforeAll(async () => {
  server = await startDatabase();
  const { url } = await server.createDatabase();
  const servers = { databaseUrl: url, redisUrl: inject('redisUrl'), redisPrefix: 'database-away:' };
  api = await startApi(servers);
  relay = await startRelay(servers);
});

afterAll(async () => {
  await Promise.all([api.stop(), relay.stop()]);
  await server.stop();
});

describe.each(freezeAndKill(() => server))('the database $fault', ({ fault, begin, end }) => {
  it('[PUB-9] [DEL-16] 503 within the deadline, connections stay, and it works again by itself', async () => {
    const reader = await RelayClient.identified(relay.url, { clientId: fault });
    await publish(api.url, { message: 'before', targetId: fault });
    await reader.messagesOnceThereAre(1);
    await begin();

    const start = performance.now();
    const refused = await publish(api.url, { message: 'meanwhile', targetId: fault }, `${fault}-key`);
    expect(performance.now() - start).toBeLessThan(REFUSED_WITHIN_MS);
    expect(refused).toMatchObject({ status: 503, body: { code: 'store_unavailable' } });
    expect((await fetch(`${api.url}/readyz`)).status).toBe(503);
    const waiting = await RelayClient.connect(relay.url);
    waiting.send({ type: 'identify', clientId: fault });
    await waiting.settled();

    await end();
    const again = await waitUntil(
      'a retry with the same key is stored',
      async () => {
        const answer = await publish(api.url, { message: 'meanwhile', targetId: fault }, `${fault}-key`);
        return answer.status === 201 && answer;
      },
      WORKING_AGAIN_MS,
    );
    expect(again.body).toMatchObject({ offset: 2 });
    expect((await reader.messagesOnceThereAre(2)).map((frame) => frame['data'])).toEqual([
      'before',
      'meanwhile',
    ]);
    await waiting.frame('identified');
    expect(reader.closeCode).toBeUndefined();
    await Promise.all([reader.close(), waiting.close()]);
  });
});

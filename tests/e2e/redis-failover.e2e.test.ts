import { setTimeout as sleep } from 'node:timers/promises';
import {
  publish,
  RelayClient,
  type RedisSentinels,
  startApi,
  startRedisSentinels,
  startRelay,
  waitUntil,
} from '@postline/test-support';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshServers } from './system.ts';

const EVERY_MS = 20;
const LOOK_EVERY_MS = 5;
/** One second in which every answer is `sent`. */
const SENT_IN_A_ROW = 50;
const WORKING_AGAIN_MS = 5_000;
const LATEST_MS = 3_000;

describe('Redis fails over under load', () => {
  let sentinels: RedisSentinels;
  let stop: () => Promise<void>;
  let apiUrl: string;
  let relayUrl: string;

  beforeEach(async () => {
    sentinels = await startRedisSentinels();
    const { servers, database } = await freshServers();
    const real = { ...servers, redisUrl: sentinels.url };
    const [api, relay] = [await startApi(real), await startRelay(real)];
    apiUrl = api.url;
    relayUrl = relay.url;
    stop = async () => {
      await Promise.all([api.stop(), relay.stop()]);
      await sentinels.stop();
      await database.drop();
    };
  });
  afterEach(async () => {
    await stop();
  });

  it('[BUS-8] [DEL-8] nothing is lost or late, and hints travel again within 5 s of the new master', async () => {
    const reader = await RelayClient.identified(relayUrl, { clientId: 'reader' });
    const arrivedMs: number[] = [];
    const acknowledged: { readonly atMs: number; readonly outcome: unknown }[] = [];
    const traffic = { isOver: false };
    const publishing = (async () => {
      while (!traffic.isOver) {
        const { status, body } = await publish(apiUrl, { message: 'x', targetId: 'reader' });
        expect(status).toBe(201);
        acknowledged.push({ atMs: performance.now(), outcome: body['status'] });
        await sleep(EVERY_MS);
      }
    })();
    const arriving = (async () => {
      while (!traffic.isOver || arrivedMs.length < acknowledged.length) {
        const { length } = reader.messages();
        while (arrivedMs.length < length) arrivedMs.push(performance.now());
        await sleep(LOOK_EVERY_MS);
      }
    })();

    await waitUntil('messages arrive', () => arrivedMs.length > SENT_IN_A_ROW);
    const former = await sentinels.master();
    await former.server.kill();
    const killedMs = performance.now();
    await sentinels.masterAfter(former);
    const readyMs = performance.now();
    await waitUntil('every answer is sent', () => {
      const latest = acknowledged.slice(-SENT_IN_A_ROW);
      return (latest[0]?.atMs ?? 0) > readyMs && latest.every(({ outcome }) => outcome === 'sent');
    });
    traffic.isOver = true;
    await Promise.all([publishing, arriving]);

    const lastStoredMs = acknowledged.findLast(({ outcome }) => outcome === 'stored')?.atMs ?? killedMs;
    const stored = acknowledged.filter(({ outcome }) => outcome === 'stored').length;
    const latest = Math.max(...acknowledged.map(({ atMs }, index) => (arrivedMs[index] ?? Infinity) - atMs));
    console.log(
      `new master ${Math.round(readyMs - killedMs)} ms after the kill, last stored ${Math.round(lastStoredMs - killedMs)} ms,` +
        ` ${acknowledged.length} acknowledged (${stored} stored), ${arrivedMs.length} arrived, the latest after ${Math.round(latest)} ms`,
    );
    expect(stored).toBeGreaterThan(0);
    expect(lastStoredMs - readyMs).toBeLessThan(WORKING_AGAIN_MS);
    expect(latest).toBeLessThan(LATEST_MS + 500); // the rest is for a busy test machine
    const offsets = (await reader.messagesOnceThereAre(acknowledged.length)).map((frame) => frame['offset']);
    expect(offsets).toEqual(acknowledged.map((_, index) => index + 1));
    await reader.close();
  });
});

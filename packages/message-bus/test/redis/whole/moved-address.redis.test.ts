import { askRedis, type RedisServer, startRedis, TcpProxy, waitUntil } from '@postline/test-support';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeOutage, OUTAGE_MS_MAX } from './describe-outage.ts';
import { HintTraffic } from './hint-traffic.ts';

describe('an address that leads elsewhere', () => {
  let first: RedisServer;
  let second: RedisServer;
  let name: TcpProxy;
  let traffic: HintTraffic;

  beforeEach(async () => {
    [first, second] = await Promise.all([startRedis(), startRedis()]);
    name = await TcpProxy.start(first.port);
    traffic = await HintTraffic.start(name.urlThrough(first.url));
  });
  afterEach(async () => {
    await traffic.stop();
    await name.close();
    await Promise.all([first.stop(), second.stop()]);
  });

  async function clientCount({ port }: RedisServer): Promise<number> {
    return (await askRedis(port, 'CLIENT LIST')).match(/name=postline/g)?.length ?? 0;
  }

  it('[BUS-5] [BUS-8] the name moves and the old server stays up: both ends meet at the new one within 5 s', async () => {
    const movedMs = performance.now();
    name.redirect(second.port); // new connections lead there, open ones stay where they are
    await waitUntil('nobody is left on the old server', async () => (await clientCount(first)) === 0);
    const outage = await describeOutage({ traffic, struckMs: movedMs, readyMs: performance.now() });
    console.log(`the name moves: ${outage.text}`);
    expect(outage.backAfterFaultMs).toBeLessThan(OUTAGE_MS_MAX);
    expect(outage.misdirectedForMs).toBeLessThan(OUTAGE_MS_MAX);
  });

  it('[BUS-8] the server becomes a replica: hints are stored within 5 s, and sent again once it is a master', async () => {
    const demotedMs = performance.now();
    await askRedis(first.port, `REPLICAOF 127.0.0.1 ${second.port}`);
    await waitUntil(
      'both ends are down',
      () => traffic.publisherEvents.states[1] === 'down' && traffic.subscriberEvents.states[1] === 'down',
      OUTAGE_MS_MAX,
    );
    const downMs = performance.now();
    const reasons = [traffic.publisherEvents, traffic.subscriberEvents].map(
      ({ faults }) => faults.at(-1)?.reason.kind,
    );
    expect(reasons).toEqual(['replica', 'replica']);
    await waitUntil('hints are stored', () => traffic.storedCount(downMs) > 20);

    await askRedis(first.port, 'REPLICAOF NO ONE');
    const outage = await describeOutage({ traffic, struckMs: demotedMs, readyMs: performance.now() });
    console.log(`demoted and promoted again: ${outage.text}`);
    expect(outage.backAfterReadyMs).toBeLessThan(OUTAGE_MS_MAX);
    expect(outage.misdirectedForMs).toBeLessThan(OUTAGE_MS_MAX);
  });
});
